"""A Dask cluster as the place of attempts: `executor` on the near end, and on each worker of the cluster a `station`
with one local pool of ours. `connection` and `station` are the doors to dask.distributed. Never claims, ticks or
pushes, and never runs an attempt again.
"""
