"""A real cluster."""

from tests.cluster import cluster, own_cluster, tls_cluster

__all__ = ["cluster", "own_cluster", "tls_cluster"]
