"""Chaos as a habit: uploads while every part is killed, frozen and lied to; then an oracle that reads buckets alone."""
