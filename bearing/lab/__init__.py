"""Makes the weights and judges them; the only room that knows torch. Serving never imports it."""
