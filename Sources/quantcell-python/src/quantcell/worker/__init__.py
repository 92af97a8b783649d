"""Hosts one strategy in one process; started by quantcell-manager."""
