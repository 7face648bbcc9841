"""Delivery: notifications and sweeps in, durable jobs, functions invoked; and the SFTP door."""
