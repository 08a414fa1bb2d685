"""Results that still stand: what a processor had read then and reads now. Never runs one, and writes nothing."""
