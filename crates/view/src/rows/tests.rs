use super::*;
use crate::Chip;
use crate::samples::{cause, clock, instance, service, snapshot_of};

fn listed(snapshot: &Snapshot, wishes: &Wishes) -> Vec<String> {
    let list = rows(snapshot, &LinkState::Live, wishes, &clock());
    list.rows.into_iter().map(|row| row.key).collect()
}

fn grouped() -> Snapshot {
    let mut snapshot = snapshot_of(&[
        ("api", Word::Failed),
        ("db", Word::Running),
        ("docs", Word::Stopped),
        ("tool", Word::Running),
    ]);
    for (name, group) in [("api", "Backend"), ("db", "Backend"), ("docs", "Web")] {
        service(&mut snapshot, name).group = Some(group.to_owned());
    }
    snapshot
}

#[test]
fn services_stand_under_their_groups_and_the_rest_last() {
    let keys = listed(&grouped(), &Wishes::default());
    let expected =
        ["group:Backend", "service:api", "service:db", "group:Web", "service:docs", "group:", "service:tool"];
    assert_eq!(keys, expected);
}

#[test]
fn without_groups_there_are_no_headings() {
    let snapshot = snapshot_of(&[("a", Word::Running), ("b", Word::Stopped)]);
    assert_eq!(listed(&snapshot, &Wishes::default()), ["service:a", "service:b"]);
}

#[test]
fn a_heading_counts_all_of_its_group_also_when_some_are_filtered_out() {
    let wishes =
        Wishes { filter: Filter { chip: Chip::Attention, ..Default::default() }, ..Default::default() };
    let list = rows(&grouped(), &LinkState::Live, &wishes, &clock());
    assert_eq!(list.rows.len(), 2);
    assert_eq!(list.rows[0].tag, "1 of 2 running, 1 failed");
    assert_eq!(list.rows[0].word, Word::Failed);
}

#[test]
fn a_folded_group_opens_while_something_is_looked_for() {
    let mut wishes = Wishes { folded: ["Backend".to_owned()].into(), ..Default::default() };
    assert_eq!(listed(&grouped(), &wishes)[..2], ["group:Backend", "group:Web"]);
    wishes.filter.text = "api".to_owned();
    assert_eq!(listed(&grouped(), &wishes), ["group:Backend", "service:api"]);
}

#[test]
fn an_address_is_the_url_without_its_scheme_or_the_first_port() {
    let mut snapshot = snapshot_of(&[("web", Word::Running)]);
    let status = &mut service(&mut snapshot, "web").instances[0];
    status.ports.insert("http".to_owned(), 5173);
    let row_of =
        |snapshot: &Snapshot| rows(snapshot, &LinkState::Live, &Wishes::default(), &clock()).rows.remove(0);
    assert_eq!(row_of(&snapshot).address, "localhost:5173");
    let status = &mut service(&mut snapshot, "web").instances[0];
    status.url = Some("http://localhost:5173/app/".to_owned());
    let row = row_of(&snapshot);
    assert_eq!((row.address.as_str(), row.short_address.as_str()), ("localhost:5173/app", ":5173/app"));
    assert_eq!(row.uptime, "2 h 15 min");
}

#[test]
fn a_pending_wish_turns_the_buttons_off_and_leaves_the_state_alone() {
    let mut snapshot = snapshot_of(&[("web", Word::Running)]);
    service(&mut snapshot, "web").instances[0].pending = Some("restart".to_owned());
    let row = rows(&snapshot, &LinkState::Live, &Wishes::default(), &clock()).rows.remove(0);
    assert_eq!((row.word, row.pending.as_str()), (Word::Running, "restart"));
    assert!(!row.can_start && !row.can_stop && !row.can_restart);
}

#[test]
fn stale_rows_say_what_they_were_and_offer_nothing() {
    let snapshot = snapshot_of(&[("web", Word::Running)]);
    let link = LinkState::Stale { since: clock().now, reason: String::new(), obstacle: Default::default() };
    let row = rows(&snapshot, &link, &Wishes::default(), &clock()).rows.remove(0);
    assert_eq!((row.word, row.address.as_str()), (Word::Unknown, "was Running, 14:31:07"));
    assert!(row.uptime.is_empty() && !row.can_restart);
}

#[test]
fn a_pool_is_one_row_that_tells_the_worst() {
    let mut snapshot = snapshot_of(&[("web", Word::Failed)]);
    let service = service(&mut snapshot, "web");
    service.instances[0].cause = vec![cause("exited", "exit 1")];
    service.instances.push(instance("web/1", Word::Running));
    let row = rows(&snapshot, &LinkState::Live, &Wishes::default(), &clock()).rows.remove(0);
    assert_eq!((row.tag.as_str(), row.why.as_str()), ("pool 1 of 2", "exit 1"));
}

#[test]
fn the_list_holds_until_the_next_uptime_turns() {
    let snapshot = snapshot_of(&[("web", Word::Running), ("docs", Word::Stopped)]);
    let list = rows(&snapshot, &LinkState::Live, &Wishes::default(), &clock());
    assert_eq!(list.holds, Some(Duration::from_secs(60)));
    let snapshot = snapshot_of(&[("docs", Word::Stopped)]);
    assert_eq!(rows(&snapshot, &LinkState::Live, &Wishes::default(), &clock()).holds, None);
}

#[test]
fn without_groups_there_is_one_list_in_the_order_of_names() {
    let mut snapshot = snapshot_of(&[("api", Word::Running), ("db", Word::Running), ("web", Word::Running)]);
    service(&mut snapshot, "web").group = Some("Front".to_owned());
    service(&mut snapshot, "api").group = Some("Back".to_owned());
    let wishes = Wishes { is_flat: true, ..Default::default() };
    let list = rows(&snapshot, &LinkState::Live, &wishes, &clock());
    let names: Vec<&str> = list.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["api", "db", "web"]);
    assert_eq!(list.rows[2].group, "Front", "what it belongs to is still known");
    assert_eq!(rows(&snapshot, &LinkState::Live, &Wishes::default(), &clock()).rows.len(), 6);
}

#[test]
fn a_taken_port_is_mended_by_the_next_free_one() {
    let taken = |word, free: Option<&str>| {
        let mut snapshot = snapshot_of(&[("web", word)]);
        let mut cause = cause("port-in-use", "port 8080 is in use by node (4711)");
        cause.args.insert("port".to_owned(), "8080".to_owned());
        cause.args.extend(free.map(|port| ("next_free".to_owned(), port.to_owned())));
        service(&mut snapshot, "web").instances[0].cause = vec![cause];
        snapshot
    };
    let row_of =
        |snapshot: &Snapshot| rows(snapshot, &LinkState::Live, &Wishes::default(), &clock()).rows.remove(0);
    let row = row_of(&taken(Word::Failed, Some("8081")));
    assert_eq!((row.fit, row.free_port), (Fit::UsePort, 8081));
    assert!(row.can_start, "it can be tried again as it is");
    assert_eq!(row_of(&taken(Word::Failed, None)).fit, Fit::Start);
    assert_eq!(row_of(&taken(Word::Failed, Some("many"))).fit, Fit::Start);
    assert_eq!(row_of(&taken(Word::Running, Some("8081"))).fit, Fit::Nothing);
    let mut pool = taken(Word::Failed, Some("8081"));
    service(&mut pool, "web").instances.push(instance("web/1", Word::Running));
    assert_eq!(row_of(&pool).fit, Fit::Start, "a pool shares its numbers");
}
