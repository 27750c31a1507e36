"""Mutation tests of the core: `make mutants` changes it in small ways; some test must notice each.

The changes are mutmut's, and a few of our own (`operators`). mutmut's own runner is not used: it
leaves constants, default values and properties alone, which here are half of the contract.
"""
