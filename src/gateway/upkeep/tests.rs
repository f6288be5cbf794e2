//! Elections: several VMs with one store, their callbacks in any order.

use super::Chore;
use crate::gateway::authorizers::jwt::keys::ledger::{LEASE, REFRESH, STALE};
use crate::gateway::authorizers::jwt::keys::tests::World;
use crate::gateway::flow::Callout;

fn due(world: &World, worker: usize) -> Vec<(Callout, Chore)> {
    world.gateway.upkeep(&world.env(worker))
}

#[test]
fn exactly_one_vm_asks_and_all_know() {
    let world = World::new(5);
    let mut asking: Vec<_> =
        (0..5).flat_map(|worker| due(&world, worker).into_iter().map(move |due| (worker, due))).collect();
    assert_eq!(asking.len(), 1);
    let (elected, (callout, chore)) = asking.pop().unwrap();
    // While it waits nobody else asks, and then it asks on.
    for worker in 0..5 {
        assert!(due(&world, worker).is_empty(), "{worker}");
    }
    let reply = world.reply(&callout);
    let (callout, chore) = world.gateway.on_upkeep(chore, &reply, &world.env(elected)).unwrap();
    for worker in 0..5 {
        assert!(due(&world, worker).is_empty(), "{worker}");
    }
    let reply = world.reply(&callout);
    assert_eq!(world.gateway.on_upkeep(chore, &reply, &world.env(elected)), None);
    assert_eq!(world.asked(), 2);
    for worker in 0..5 {
        assert!(due(&world, worker).is_empty(), "{worker}");
        assert_eq!(world.request(worker, "k1"), Ok(true));
    }
    assert_eq!(world.asked(), 0);
}

#[test]
fn another_vm_takes_over_from_one_that_died() {
    let world = World::new(3);
    assert_eq!(due(&world, 1).len(), 1);
    world.later(LEASE - 1);
    assert!(due(&world, 0).is_empty() && due(&world, 2).is_empty());
    world.later(1);
    assert_eq!((due(&world, 0).len(), due(&world, 2).len()), (1, 0));
}

#[test]
fn keys_are_asked_for_ahead_before_any_request_would_ask() {
    let world = World::new(3);
    for _ in 0..(24 * 60) {
        world.tick();
        world.later(60_000);
        assert_eq!(world.request(0, "k1"), Ok(true));
    }
    let refreshes = world.asked() as u64 / 2;
    // In a day, each after three quarters of an hour to an hour.
    assert!((STALE / REFRESH..=STALE / REFRESH * 4 / 3 + 1).contains(&refreshes), "{refreshes}");
}

#[test]
fn a_key_that_an_issuer_took_back_dies_on_every_worker() {
    let world = World::new(3);
    world.tick();
    for worker in 0..3 {
        assert_eq!(world.request(worker, "k1"), Ok(true));
    }
    *world.kids.borrow_mut() = vec!["k2"];
    world.later(REFRESH);
    world.tick();
    // Nobody has asked for a key; the next tick tells those who ticked before the one who learned.
    world.tick();
    for worker in 0..3 {
        let keys = world.keyring().at_hand(&world.env(worker)).unwrap();
        assert!(keys.has("k2", crate::gateway::authorizers::signature::Algorithm::Rs256));
        assert!(!keys.has("k1", crate::gateway::authorizers::signature::Algorithm::Rs256));
    }
}

#[test]
fn a_wall_clock_that_jumps_locks_nobody_out_and_keeps_no_keys_for_ever() {
    const YEAR: u64 = 31_536_000_000;
    for back in [true, false] {
        let world = World::new(2);
        world.tick();
        // Somebody holds a lease when the clock jumps, there and back.
        world.later(REFRESH);
        assert_eq!(due(&world, 0).len(), 1);
        world.asked();
        let jumped = if back { world.wall.get() - YEAR } else { world.wall.get() + YEAR };
        world.wall.set(jumped);
        world.tick();
        assert_eq!(world.asked(), 2, "back: {back}");
        assert_eq!(world.request(1, "k1"), Ok(true));
        world.alive.set(false);
        world.wall.set(if back { jumped + YEAR } else { jumped - YEAR });
        world.tick();
        // The issuer is dead. Keys that seem to be from next year end within a day; those of last year are too old already.
        assert_eq!(world.request(1, "k1").is_ok(), !back);
        world.later(STALE);
        world.tick();
        assert!(world.request(1, "k1").is_err() && world.request(0, "k1").is_err());
        world.alive.set(true);
        world.later(30_000);
        world.tick();
        assert_eq!(world.request(1, "k1"), Ok(true));
    }
}

#[test]
fn an_answer_whose_requests_are_gone_is_not_lost() {
    let world = World::new(2);
    let Ok(crate::gateway::authorizers::jwt::keys::Found::Ask(callout, _)) =
        world.keyring().find("k1", crate::gateway::authorizers::signature::Algorithm::Rs256, &world.env(0))
    else {
        panic!("nothing is asked");
    };
    let reply = world.reply(&callout);
    let (next, chore) = world.gateway.overhear(&callout.flight, &reply, &world.env(0)).unwrap();
    assert_eq!(world.gateway.overhear(&callout.flight, &reply, &world.env(0)), None, "it was heard");
    let reply = world.reply(&next);
    assert_eq!(world.gateway.on_upkeep(chore, &reply, &world.env(0)), None);
    assert_eq!(world.asked(), 2);
    assert_eq!((world.request(1, "k1"), world.asked()), (Ok(true), 0));
}
