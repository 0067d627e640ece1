"""The whole product in one event loop under a clock that is made: one seed is one history."""
