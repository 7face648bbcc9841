"""Who may come in: accounts, their passwords and second factors, as objects that several web processes share."""
