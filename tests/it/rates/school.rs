//! A school at eight o'clock, behind one router, and somebody among them who guesses.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use lectern_kernel::{
    auth::DeviceToken,
    clock,
    rates::{Account, SignIns},
};
use uuid::Uuid;

use crate::app::TestApp;

const PUPILS: usize = 1000;
const ROUTER: &str = "203.0.113.7";
/// Ten a second, for five minutes.
const GUESSES: usize = 3000;

fn email(n: usize) -> String {
    format!("pupil{n}@oak.example")
}

fn account(email: String, device_token: Option<String>) -> Account {
    Account { school: "oak".into(), email, device_token, ..Account::default() }
}

/// How a try went.
#[derive(Debug, PartialEq, Eq)]
enum Tried {
    In,
    Wrong,
    Refused,
}

/// What the engine does around a password, for one that is right or not.
async fn attempt(sign_ins: &SignIns, account: &Account, is_right: bool) -> Tried {
    let Ok(attempt) = sign_ins.admit(account, Some(ROUTER), "school").await else { return Tried::Refused };
    let looks = attempt.terms().looks;
    if looks && is_right {
        sign_ins.succeeded(attempt, "school").await.unwrap();
        return Tried::In;
    }
    sign_ins.failed(attempt, "school").await.unwrap();
    if looks { Tried::Wrong } else { Tried::Refused }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sign_in_while_somebody_guesses() {
    let app = Arc::new(TestApp::start().await);
    let tenant = app.oak.tenant;
    app.sql(&format!(
        "SET app.audit = 'off'; INSERT INTO app_user (tenant_id, id, name, email)
             SELECT '{tenant}', ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Pupil ' || n, 'pupil' || n || '@oak.example'
             FROM generate_series(0, {}) n; RESET app.audit",
        PUPILS - 1
    ))
    .await;
    // All have been there before; every second keeps the token of the device.
    let mut yesterday = tokio::task::JoinSet::new();
    for part in 0..4 {
        let app = app.clone();
        yesterday.spawn(async move {
            for n in (part..PUPILS).step_by(4) {
                assert_eq!(attempt(app.engine.sign_ins(), &account(email(n), None), true).await, Tried::In, "{n}");
            }
        });
    }
    while let Some(ended) = yesterday.join_next().await {
        ended.unwrap();
    }
    let device = |n: usize| {
        let user = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n as u128);
        let device = DeviceToken { tenant, user, device: Uuid::from_u128(n as u128), token_version: 0 };
        n.is_multiple_of(2).then(|| app.engine.services().tokens.device(&device, clock::now()))
    };

    let is_over = Arc::new(AtomicBool::new(false));
    let guesser = tokio::spawn({
        let (app, is_over) = (app.clone(), is_over.clone());
        async move {
            // At those who have been here, again and again; at those who have not; and at some that there are not at all.
            let (mut known, mut strange) = (HashMap::<String, u32>::new(), HashMap::<String, u32>::new());
            for n in 0..GUESSES {
                let (counted, guessed) = match n % 3 {
                    0 => (&mut known, email(n / 3 % 40)),
                    1 => (&mut known, email(n / 30)),
                    _ => (&mut strange, ["admin", "viewer", "instructor", "nobody", "none"][n / 3 % 5].to_owned() + "@oak.example"),
                };
                match attempt(app.engine.sign_ins(), &account(guessed.clone(), None), false).await {
                    Tried::Wrong => *counted.entry(guessed).or_default() += 1,
                    Tried::Refused => {}
                    Tried::In => unreachable!(),
                }
                if n == GUESSES / 2 {
                    is_over.store(true, Ordering::Relaxed);
                }
            }
            (known, strange)
        }
    });
    // The first arrive while the guesser begins, the last after he has spent what there is.
    let mut kept_out = Vec::new();
    for n in 0..PUPILS {
        let (pupil, has_device) = (account(email(n), device(n)), n.is_multiple_of(2));
        if n % 100 < 3 {
            assert_ne!(attempt(app.engine.sign_ins(), &pupil, false).await, Tried::In);
        }
        match attempt(app.engine.sign_ins(), &pupil, true).await {
            Tried::In => {}
            refused => {
                assert!(!has_device, "{n}: {refused:?} with a device token");
                kept_out.push(n);
            }
        }
    }
    while !is_over.load(Ordering::Relaxed) {
        tokio::task::yield_now().await;
    }
    for n in (0..PUPILS).step_by(20) {
        assert_eq!(attempt(app.engine.sign_ins(), &account(email(n), device(n)), true).await, Tried::In, "{n}, late");
    }
    let (known, strange) = guesser.await.unwrap();
    let all = |counted: &HashMap<String, u32>| counted.values().sum::<u32>();
    assert!(all(&strange) <= 20, "{strange:?}");
    assert!(all(&known) <= 200, "{known:?}");
    assert!(known.values().chain(strange.values()).all(|count| *count <= 10), "{known:?} {strange:?}");
    assert!(all(&known) > 100, "the guesser does guess: {known:?}");
    // Nor is anybody else kept out before those budgets are spent.
    let spent = |subject: usize| known.get(&email(subject)).is_some_and(|count| *count >= 9);
    let first = kept_out.iter().find(|n| !spent(**n));
    assert!(all(&known) + 30 >= 200 || first.is_none(), "{first:?} of {kept_out:?}, {} guesses", all(&known));
}
