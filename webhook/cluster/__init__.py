"""The Kubernetes API: access reviews."""
