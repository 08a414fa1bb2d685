"""Messages of runs: what they say in `message`, kept in `outbox` until they have arrived, sent by `sender` through
`webhook` and `services`. Never in a run's way, and never a reason for it to fail."""
