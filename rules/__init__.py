"""The programme: what a purchase earns and what points can pay. Pure."""
