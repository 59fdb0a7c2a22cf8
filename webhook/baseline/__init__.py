"""From Git to the snapshot: fetch, render, read, normalize, write."""
