"""The frame around every function, and the way of an input through the function of any hazard."""
