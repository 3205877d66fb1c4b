"""What MiniStack does again for each item that it need do once for each expression.

It reads an expression, and judges its grammar, at each item of a partition that a query looks at:
most of its work. What these functions answer depends on the text alone.
"""

from functools import lru_cache

Token = tuple[str, str]
# More than there are expressions in a suite.
KEPT = 4096


def apply() -> None:
    from ministack.services import dynamodb

    tokenize = dynamodb._tokenize
    read = lru_cache(KEPT)(lambda text: tuple(tokenize(text)))
    judge_parentheses = lru_cache(KEPT)(dynamodb._check_redundant_parens)
    judge_words = lru_cache(KEPT)(dynamodb._check_reserved_keyword_usage)

    def tokens_of(text: str) -> list[Token]:
        # One's own: nobody changes what others get.
        return list(read(text))

    def parentheses(tokens: list[Token], slot: str = "ConditionExpression") -> str | None:
        problem: str | None = judge_parentheses(tuple(tokens), slot)
        return problem

    def words(tokens: list[Token]) -> str | None:
        problem: str | None = judge_words(tuple(tokens))
        return problem

    dynamodb._tokenize = tokens_of
    dynamodb._check_redundant_parens = parentheses
    dynamodb._check_reserved_keyword_usage = words
    dynamodb._condition_syntax_error = lru_cache(KEPT)(dynamodb._condition_syntax_error)
