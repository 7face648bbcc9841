"""The watcher for who has no Prometheus: asks from outside, tells what changed, pings while all is well."""
