"""The vocabulary of Puntual: values that every other package may speak. Nothing here does I/O."""
