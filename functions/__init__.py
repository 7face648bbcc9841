"""The functions of stack.yml, one folder each: thin, and each reads like the sentence in its docstring."""
