"""What the push receiver is made of: a server for strangers, signatures, payloads, a relay to its peers."""
