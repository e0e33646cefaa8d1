"""Compiles selections: each becomes one Python function of the value.

graphql-core walks the selection for every value anew, and asks of every field what it is. Here
that is asked once (`reading.py`), and written down: a selection that picks nothing but attributes
as a type for msgspec to fill (`projection.py`), any other as Python (`selection.py`).
`operation.py` puts the root of an operation in front of it, which `compiler.py` makes and
`rendering.py` runs.

What always holds, and `tests/schema/execution/test_compiled.py` tries to refute:

1. One schema. All that is known here of types, names and resolvers is read from it.
2. graphql-core decides. Which fields are selected is its answer (`collect_fields`), for this
   document, this operation and these values of `@skip` and `@include`.
3. No errors are made here. Code that meets what it does not expect (null where there is none, a
   value of another type, a resolver that raises) gives up, and graphql-core tells the answer from
   what the root fields came to: nothing is fetched twice, and no error is worded twice.
4. No text of a client becomes code: only names that the schema knows, and keys as literals.
5. What is remembered depends on the value, the program, the scopes of the viewer and the account
   alone (`schema/types/field_traits.py`), and is found by the very value that it was made from.
"""
