"""Broken alarms and bulkheads."""

from tests.template import rules_alarms as alarms
from tests.template.broken import block, breaks, drop, event_of, rewrite
from tests.template.checkout import Checkout


@breaks(alarms.alarms_are_plain_and_heard)
def an_alarm_of_a_sum_of_metrics(checkout: Checkout) -> None:
    block(checkout, "ApiServerErrorsAlarm")["Metrics"] = [{"Id": "all", "Expression": "a + b"}]


@breaks(alarms.alarms_are_plain_and_heard)
def an_alarm_of_all_queues_but_one(checkout: Checkout) -> None:
    added = block(checkout, "QueueAgeAlarm")["Metrics"][0]
    added["Expression"] = added["Expression"].replace(" + (event > 900)", "")


@breaks(alarms.alarms_are_plain_and_heard)
def an_alarm_of_more_than_cloudwatch_takes(checkout: Checkout) -> None:
    metrics = block(checkout, "QueueAgeAlarm")["Metrics"]
    for at in range(alarms.MOST_METRICS):
        metrics[0]["Expression"] += f" + (dial{at} > 900)"
        metrics.append({**metrics[1], "Id": f"dial{at}"})


@breaks(alarms.alarms_are_plain_and_heard)
def an_alarm_that_does_not_say_of_what(checkout: Checkout) -> None:
    block(checkout, "MailerQueueAgeAlarm")["Metrics"][1]["Label"] = "oldest"


@breaks(alarms.alarms_are_plain_and_heard)
def an_alarm_that_rings_at_night(checkout: Checkout) -> None:
    del block(checkout, "RelayOutboxAgeAlarm")["TreatMissingData"]


@breaks(alarms.alarms_are_plain_and_heard)
def an_alarm_of_which_nobody_is_told(checkout: Checkout) -> None:
    del block(checkout, "RelayDeadLettersAlarm")["AlarmActions"]


@breaks(alarms.alarms_are_plain_and_heard)
def an_alarm_of_which_nobody_is_told_by_default(checkout: Checkout) -> None:
    told = {"Fn::If": ["HasAlarmTopic", {"Ref": "AlarmTopicArn"}, {"Ref": "AWS::NoValue"}]}
    block(checkout, "RelayDeadLettersAlarm")["AlarmActions"] = [told]


@breaks(alarms.alarms_have_a_line_in_the_runbook)
def an_alarm_that_nobody_understands(checkout: Checkout) -> None:
    rewrite(checkout, alarms.RUNBOOK, "`CarrierPausedAlarm`", "the other alarm")


@breaks(alarms.alarms_have_a_line_in_the_runbook)
def an_alarm_of_a_queue_that_its_row_does_not_name(checkout: Checkout) -> None:
    rewrite(checkout, alarms.RUNBOOK, "the same of `ResearchQueue`", "the same of it")


@breaks(alarms.what_falls_behind_raises_an_alarm)
def a_queue_that_nobody_watches(checkout: Checkout) -> None:
    drop(checkout, "QueueAgeAlarm")


@breaks(alarms.what_falls_behind_raises_an_alarm)
def a_stream_that_nobody_watches(checkout: Checkout) -> None:
    drop(checkout, "RelayOutboxAgeAlarm")


@breaks(alarms.what_falls_behind_raises_an_alarm)
def a_schedule_that_nobody_watches(checkout: Checkout) -> None:
    block(checkout, "SweepOverdueErrorsAlarm")["MetricName"] = "Throttles"


@breaks(alarms.what_is_heard_raises_an_alarm)
def a_turn_that_has_no_room(checkout: Checkout) -> None:
    drop(checkout, "TakeTurnThrottlesAlarm")


@breaks(alarms.what_is_heard_raises_an_alarm)
def an_alarm_on_the_errors_of_callers(checkout: Checkout) -> None:
    block(checkout, "ApiServerErrorsAlarm")["MetricName"] = "4xx"


@breaks(alarms.what_is_counted_to_be_watched_is)
def a_job_given_up_unnoticed(checkout: Checkout) -> None:
    drop(checkout, "JobsGivenUpAlarm")


@breaks(alarms.what_is_counted_to_be_watched_is)
def an_alarm_of_what_nobody_counts(checkout: Checkout) -> None:
    block(checkout, "JobsGivenUpAlarm")["Dimensions"].pop()


@breaks(alarms.routes_are_throttled)
def routes_without_a_limit(checkout: Checkout) -> None:
    del block(checkout, "Api")["DefaultRouteSettings"]["ThrottlingBurstLimit"]


@breaks(alarms.routes_are_throttled)
def an_open_door_for_what_no_route_takes(checkout: Checkout) -> None:
    del block(checkout, "Api")["RouteSettings"]


@breaks(alarms.workers_have_a_most)
def a_backlog_that_takes_everything(checkout: Checkout) -> None:
    del event_of(checkout, "FollowUpCall")["ScalingConfig"]


@breaks(alarms.callbacks_can_be_kept_free)
def a_callback_without_room_of_its_own(checkout: Checkout) -> None:
    del block(checkout, "TakeTurn")["ReservedConcurrentExecutions"]


@breaks(alarms.callbacks_can_be_kept_free)
def room_that_is_taken_unasked(checkout: Checkout) -> None:
    checkout.raw["Parameters"]["CallbackConcurrency"]["Default"] = 10
