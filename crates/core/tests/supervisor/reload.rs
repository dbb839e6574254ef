//! Named facts about a new configuration: what it does and what it leaves alone.

use std::{collections::BTreeSet, sync::Arc};

use ostler_core::*;

use crate::script::*;

/// Plays the script, applies the services, and says what the plan was and what came of it.
#[track_caller]
fn check_reload(
    old: impl IntoIterator<Item = ServiceSpec>,
    script: &str,
    new: impl IntoIterator<Item = ServiceSpec>,
    expected_plan: &str,
    expected: &str,
) {
    let mut stage = Stage::new(fleet(old));
    stage.play(script);
    stage.forget();
    let fleet = fleet(new);
    let plan = stage.supervisor.plan(&fleet);
    assert_eq!(told(&plan), expected_plan);
    let request = Request::Apply { fleet: Arc::clone(&fleet) };
    stage.give(Input::Command { request, actor: Actor::Desktop });
    stage.expect(expected);
    assert!(stage.supervisor.plan(&fleet).is_empty());
}

fn told(plan: &Plan) -> String {
    let tell = |change: &Change| format!("{} {:?} {}", change.service, change.action, change.keys.join(" "));
    plan.changes.iter().map(tell).map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("; ")
}

fn env(spec: &mut ServiceSpec) {
    spec.launch.env.insert("PORT".to_owned(), Template::literal("1"));
}

const RUNNING: &str = "
    boot
    spawned a
    ";

#[test]
fn the_same_configuration_does_nothing() {
    check_reload([service("a")], RUNNING, [service("a")], "", "");
}

#[test]
fn one_variable_restarts_one_service() {
    check_reload(
        [service("a"), service("b")],
        "
        boot
        spawned a
        spawned b
        ",
        [with("a", env), service("b")],
        "a Restart env.PORT",
        "
        0 a/0 Running → Stopping: env.PORT ← reload
        0 a/0 terminate #1
        ",
    );
}

#[test]
fn what_is_stopped_stays_stopped() {
    let script = "
        boot
        spawned a
        stop a
        gone a
        ";
    check_reload([service("a")], script, [with("a", env)], "a InPlace env.PORT", "");
}

#[test]
fn what_backs_off_or_failed_is_tried_with_the_new_configuration() {
    let script = "
        boot
        not-found a
        spawned b
        wait 3
        exit b 1
        not-found b
        ";
    check_reload(
        [service("a"), service("b")],
        script,
        [with("a", env), with("b", env)],
        "a Restart env.PORT; b Restart env.PORT",
        "
        3 a/0 Failed → Starting: env.PORT ← reload
        3 a/0 spawn #4
        3 b/0 Backoff → Starting: env.PORT ← reload
        3 b/0 spawn #5
        ",
    );
}

#[test]
fn policies_change_in_place_and_count_from_then_on() {
    let changed = |a: &mut ServiceSpec| {
        a.restart.delay = s(1);
        a.stop.grace = s(1);
        a.group = Some("backend".to_owned());
        watched(a);
    };
    let mut stage = Stage::new(fleet([service("a")]));
    stage.play(RUNNING);
    stage.forget();
    let fleet = fleet([with("a", changed)]);
    assert_eq!(told(&stage.supervisor.plan(&fleet)), "a InPlace group live restart.delay stop.grace");
    stage.give(Input::Command { request: Request::Apply { fleet }, actor: Actor::Desktop });
    stage.play(
        "
        not-live a
        stop a
        wait 1
        ",
    );
    stage.expect(
        "
        0 a/0 health Unready
        0 a/0 Running → Stopping: stop
        0 a/0 terminate #1
        1 a/0 Stopping: GraceOver ← stop
        1 a/0 kill #1
        ",
    );
}

#[test]
fn added_starts_and_removed_stops_and_disappears() {
    let mut stage = Stage::new(fleet([service("a")]));
    stage.play(RUNNING);
    stage.forget();
    let fleet = fleet([service("b"), with("c", |c| c.enabled = false)]);
    let plan = stage.supervisor.plan(&fleet);
    assert_eq!(told(&plan), "a Remove; b Add { starts: true }; c Add { starts: false }");
    stage.give(Input::Command { request: Request::Apply { fleet }, actor: Actor::Desktop });
    stage.play("exit a 0");
    stage.expect(
        "
        0 b/0 added
        0 b/0 Stopped → Starting: ConfigAdded ← reload
        0 b/0 spawn #2
        0 c/0 added
        0 a/0 Running → Stopping: ConfigRemoved ← reload
        0 a/0 terminate #1
        0 a/0 Stopping → Stopped: ConfigRemoved ← reload
        0 a/0 removed
        ",
    );
}

#[test]
fn removed_and_added_again_before_it_was_gone_starts_after_the_old_run() {
    let mut stage = Stage::new(fleet([service("a")]));
    stage.play(RUNNING);
    for services in [vec![], vec![with("a", env)]] {
        let request = Request::Apply { fleet: fleet(services) };
        stage.give(Input::Command { request, actor: Actor::Desktop });
    }
    stage.forget();
    stage.play("gone a");
    stage.expect(
        "
        0 a/0 Stopping → Stopped: ConfigAdded ← reload
        0 a/0 Stopped → Starting: ConfigAdded ← reload
        0 a/0 spawn #2
        ",
    );
}

#[test]
fn removed_services_stop_dependants_first() {
    let pair = || [service("a"), with("b", |b| needs(b, "a", Condition::Started))];
    let script = "
        boot
        spawned a
        spawned b
        ";
    let expected = "
        0 b/0 Running → Stopping: ConfigRemoved ← reload
        0 b/0 terminate #2
        ";
    check_reload(pair(), script, [], "a Remove; b Remove", expected);
}

#[test]
fn enabled_starts_and_disabled_stops() {
    let off = |spec: &mut ServiceSpec| spec.enabled = false;
    check_reload(
        [service("a"), with("b", off)],
        RUNNING,
        [with("a", off), service("b")],
        "a Stop enabled; b Start enabled",
        "
        0 b/0 Stopped → Starting: enabled ← reload
        0 b/0 spawn #2
        0 a/0 Running → Stopping: enabled ← reload
        0 a/0 terminate #1
        ",
    );
}

#[test]
fn a_service_that_leaves_the_mode_stops() {
    let other = |a: &mut ServiceSpec| a.modes = Some(BTreeSet::from(["other".to_owned()]));
    let expected = "
        0 a/0 Running → Stopping: modes ← reload
        0 a/0 terminate #1
        ";
    check_reload([service("a")], RUNNING, [with("a", other)], "a Stop modes", expected);
}

#[test]
fn a_variable_of_another_mode_restarts_nothing() {
    let other = |a: &mut ServiceSpec| {
        let env = [("X".to_owned(), Template::literal("1"))].into();
        a.launch.mode_env.insert("other".to_owned(), env);
    };
    check_reload([service("a")], RUNNING, [with("a", other)], "a InPlace modes.other.env.X", "");
    let (old, new) = (fleet([service("a")]), fleet([with("a", other)]));
    assert_eq!(told(&Plan::between(&old, &new)), "a Restart modes.other.env.X");
    assert_eq!(told(&Plan::for_mode(&new, "default", "other")), "a Restart env.X");
}

#[test]
fn a_policy_that_is_to_decide_is_not_forgotten_by_a_reload() {
    let script = "
        boot
        spawned a
        wait 3
        exit a 1 leaving
        ";
    let mut stage = Stage::new(fleet([service("a")]));
    stage.play(script);
    stage.forget();
    let request = Request::Apply { fleet: fleet([with("a", |a| a.restart.policy = RestartWhen::Never)]) };
    stage.give(Input::Command { request, actor: Actor::Desktop });
    stage.play("gone a");
    stage.expect("3 a/0 Stopping → Failed: NotRestarted ← exit 1 after 3s");
}

#[test]
fn a_new_configuration_is_on_trial_again() {
    let script = "
        boot
        spawned a
        wait 3
        ";
    let mut stage = Stage::new(fleet([service("a")]));
    stage.play(script);
    let request = Request::Apply { fleet: fleet([with("a", env)]) };
    stage.give(Input::Command { request, actor: Actor::Desktop });
    stage.forget();
    stage.play(
        "
        exit a 0
        spawned a
        exit a 1
        ",
    );
    stage.expect(
        "
        3 a/0 Stopping → Starting: env.PORT ← reload
        3 a/0 spawn #2
        3 a/0 Starting → Running: env.PORT ← reload
        3 a/0 incident #2
        3 a/0 Running → Failed: immediate exit ← exit 1 after 0ns
        ",
    );
}

#[test]
fn a_pool_rolls_to_a_new_configuration_and_grows_at_once() {
    let two = |a: &mut ServiceSpec| {
        probed(a);
        a.instances = 2;
    };
    let three = |a: &mut ServiceSpec| {
        probed(a);
        a.instances = 3;
        env(a);
    };
    let script = "
        boot
        spawned a/0
        spawned a/1
        ready a/0
        ready a/1
        ";
    check_reload(
        [with("a", two)],
        script,
        [with("a", three)],
        "a Restart env.PORT instances",
        "
        0 a/2 added
        0 a/2 Stopped → Starting: env.PORT,instances ← reload
        0 a/2 spawn #3
        0 a/0 Running → Stopping: RollingRestart ← env.PORT,instances ← reload
        0 a/0 terminate #1
        ",
    );
}

#[test]
fn a_cycle_is_named_in_order() {
    let link = |name, other| with(name, |spec| needs(spec, other, Condition::Ready));
    let fleet = fleet([link("a", "b"), link("b", "c"), link("c", "b"), service("d")]);
    let cycle = Graph::new(&fleet).expect_err("a cycle");
    assert_eq!(cycle.to_string(), "b needs c needs b");
    let itself = fleet_of_itself();
    assert_eq!(Graph::new(&itself).expect_err("a cycle").to_string(), "a needs a");
}

fn fleet_of_itself() -> Arc<Fleet> {
    fleet([with("a", |a| needs(a, "a", Condition::Ready))])
}

#[test]
fn a_graph_knows_order_and_neighbours() {
    let link = |name, others: &[&str]| {
        with(name, |spec| others.iter().for_each(|other| needs(spec, other, Condition::Ready)))
    };
    let fleet = fleet([link("a", &["c"]), link("b", &["a", "c", "nobody"]), service("c"), service("d")]);
    let graph = Graph::new(&fleet).expect("no cycle");
    let names = |names: &[ServiceName]| names.iter().map(ServiceName::as_str).collect::<String>();
    let name = |text| ServiceName::new(text).expect("a name");
    assert_eq!(names(&graph.all_needs(&name("b"))), "ca");
    let needed_by: Vec<_> = graph.needed_by(&name("c")).cloned().collect();
    assert_eq!(names(&needed_by), "ab");
}
