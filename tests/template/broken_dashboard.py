"""Broken dashboards."""

from tests.template import rules_dashboard as dashboard
from tests.template.broken import block, breaks, rewrite
from tests.template.checkout import LAYER, Checkout


def _redraw(checkout: Checkout, old: str, new: str) -> None:
    body = block(checkout, "Dashboard")["DashboardBody"]
    assert old in body["Fn::Sub"], f"{old} is not drawn"
    body["Fn::Sub"] = body["Fn::Sub"].replace(old, new, 1)


@breaks(dashboard.dashboards_can_be_read)
def a_widget_over_the_edge(checkout: Checkout) -> None:
    _redraw(checkout, '"x":16', '"x":17')


@breaks(dashboard.dashboards_can_be_read)
def a_widget_of_one_region(checkout: Checkout) -> None:
    _redraw(checkout, "${AWS::Region}", "us-east-1")


@breaks(dashboard.dashboards_can_be_read)
def a_statistic_that_nobody_makes(checkout: Checkout) -> None:
    _redraw(checkout, '"stat":"p99"', '"stat":"p999"')


@breaks(dashboard.dashboards_can_be_read)
def a_sum_of_what_is_not_there(checkout: Checkout) -> None:
    _redraw(checkout, '"id":"seconds"', '"id":"minutes"')


@breaks(dashboard.what_is_drawn_is_counted)
def a_metric_of_other_apis(checkout: Checkout) -> None:
    _redraw(checkout, '"4xx"', '"4XXError"')


@breaks(dashboard.what_is_drawn_is_counted)
def a_dimension_of_other_apis(checkout: Checkout) -> None:
    _redraw(checkout, '"Count","ApiId"', '"Count","ApiName"')


@breaks(dashboard.what_is_drawn_is_counted)
def a_queue_that_is_none(checkout: Checkout) -> None:
    body = '["AWS/SQS","NumberOfMessagesSent","QueueName","${CoreTable}"],'
    _redraw(checkout, '"metrics":[', f'"metrics":[{body}')


@breaks(dashboard.what_is_drawn_is_counted)
def calls_that_nobody_counts(checkout: Checkout) -> None:
    path = f"{LAYER}/voice/dialling/dialler.py"
    rewrite(checkout, path, 'count("calls_dialled")', 'count("calls")')


@breaks(dashboard.what_is_drawn_is_counted)
def a_count_of_one_function(checkout: Checkout) -> None:
    _redraw(checkout, '"calls_dialled","service","linkwright"', '"calls_dialled","function","Dial"')


@breaks(dashboard.what_rings_is_drawn)
def an_alarm_of_what_is_not_drawn(checkout: Checkout) -> None:
    _redraw(checkout, '"IteratorAge"', '"Duration"')
