"""The formulas of credit control, one module an idea. Pure: numbers in, a number out; None where it is not defined."""
