"""What tests stand on: servers, tokens, clients and factories."""
