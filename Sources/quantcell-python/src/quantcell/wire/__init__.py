"""The wire protocol: topics, envelopes and bodies. Knows no sockets."""
