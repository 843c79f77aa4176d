//! Consent: what an address agreed to, and the one letter that asks it. Nothing but that letter goes to
//! an address for choices of somebody from whom it did not agree to take them.

use std::time::Duration;

use crate::domain::id::{MailboxId, PersonId, SubscriptionId, TargetId, ThreadId};
use crate::domain::link;
use crate::domain::network::Network;
use crate::domain::subscription::{Act, Form, Frequency, Scope, Standing};
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::domain::token::Keys;
use crate::domain::word::Kind;
use crate::error::{Error, Result};
use crate::store::letter_requests::{self, Share, Verdict};
use crate::store::mailboxes::{self, Mailbox};
use crate::store::people::Person;
use crate::store::subscriptions::{self, Subscription};
use crate::store::types::Named;
use crate::store::{Store, Tx, consents, outbox, suppressions};

/// How long a choice waits for the comment that it was made with to be published.
const HELD: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long after its letter the same need may have another.
const AGAIN: Duration = Duration::from_secs(3600);

/// How many choices are looked at together.
pub(super) const MANY: i64 = 1000;

/// How long a network is known by the same hash, in days.
const EPOCH: i64 = 7;

/// Where letters are asked for from: a network, as a hash that means nothing without the service's keys.
#[derive(Debug, Clone)]
pub struct Asker([u8; 32]);

impl Asker {
    /// Whoever asks from there.
    pub fn new(keys: &Keys, network: Network, now: Time) -> Self {
        let epoch = now.day().div_euclid(EPOCH).to_be_bytes();
        Self(keys.mac("letters.network", &[&epoch, &network.bytes()[..]].concat()))
    }

    /// The hash.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Something that somebody wants to be told of.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What kind of thing is followed.
    pub scope: Scope,
    /// Which one.
    pub target: TargetId,
    /// The thread, where it is about one.
    pub thread: Option<ThreadId>,
    /// How soon.
    pub frequency: Frequency,
    /// Where it was chosen.
    pub form: Form,
}

/// Writes a choice down for a mailbox that this transaction has locked. It counts at once if the
/// mailbox's owner agreed to this person's choices before; otherwise it waits for [`ask`].
///
/// Nobody can change what counts already without being known to the address.
pub(super) fn choose(
    tx: &mut Tx,
    mailbox: &Mailbox,
    person: Option<&Person>,
    choice: &Choice,
    now: Time,
) -> Result<()> {
    let id = person.map(|person| person.id);
    let known = subscriptions::find(tx, mailbox.id, choice.scope, choice.target, id)?;
    let is_new = known.is_none();
    let mut row = known.unwrap_or_else(|| blank(mailbox, id, choice, now));
    let trusted = match person {
        Some(person) => is_trusted(tx, mailbox, person, now)?,
        // Whoever agreed to one choice of the site's agreed to its others, but to none that they left.
        None if row.is_of_site() && *row.state != Standing::Ended => {
            subscriptions::trusts_site(tx, mailbox.id, choice.scope)?
        }
        None => false,
    };
    if !trusted && *row.state == Standing::Active {
        return Ok(());
    }
    let was = *row.state;
    row.thread_id = choice.thread;
    row.frequency = Named(choice.frequency);
    row.form = Named(choice.form);
    row.asked_at = now;
    if trusted {
        row.state = Named(Standing::Active);
        row.confirmed_at = Some(now);
    } else if is_new || was == Standing::Ended {
        row.state = Named(Standing::Pending);
        row.letter_at = None;
        row.confirmed_at = None;
        row.expires_at = now.plus(patience(choice.form));
    }
    match is_new {
        true => subscriptions::insert(tx, &row)?,
        false => subscriptions::replace(tx, &row)?,
    }
    let act = match (trusted, was) {
        (true, Standing::Active) if !is_new => Act::Changed,
        (true, _) => Act::Confirmed,
        (false, _) => Act::Asked,
    };
    consents::record(tx, &row, act, choice.form, now)
}

fn blank(mailbox: &Mailbox, person: Option<PersonId>, choice: &Choice, now: Time) -> Subscription {
    Subscription {
        id: SubscriptionId::new(),
        mailbox_id: mailbox.id,
        site_id: mailbox.site_id,
        person_id: person,
        scope: Named(choice.scope),
        target: choice.target,
        thread_id: choice.thread,
        frequency: Named(choice.frequency),
        state: Named(Standing::Pending),
        form: Named(choice.form),
        asked_at: now,
        letter_at: None,
        expires_at: now.plus(patience(choice.form)),
        confirmed_at: None,
    }
}

/// How long a choice waits for its letter to be called for.
fn patience(form: Form) -> Duration {
    match form {
        Form::Comment => HELD,
        _ => link::CONFIRM,
    }
}

/// Whether the mailbox's owner has nothing more to confirm: they agreed to this person's choices, or
/// whoever made the person known (the site, the operator) vouches for the address.
fn is_trusted(tx: &mut Tx, mailbox: &Mailbox, person: &Person, now: Time) -> Result<bool> {
    if mailboxes::is_confirmed(tx, mailbox.id, person.id)? {
        return Ok(true);
    }
    let email = person.email.as_deref().unwrap_or_default();
    let is_vouched_for = matches!(*person.kind, Kind::Sso | Kind::Staff)
        && email.eq_ignore_ascii_case(&mailbox.email)
        && Email::parse(email).is_ok();
    if is_vouched_for {
        mailboxes::confirm(tx, mailbox.id, person.id, now)?;
    }
    Ok(is_vouched_for)
}

/// Asks a mailbox, which this transaction has locked, whether it wants what this person chose for it:
/// one letter for whatever [goes together](Subscription::goes_with), and another only after an hour; for what the site chose
/// there is no other while that letter may be answered. Addresses that had their share of letters, or get none at all, are not asked.
pub(super) fn ask(
    tx: &mut Tx,
    mailbox: &Mailbox,
    person: Option<PersonId>,
    asker: Option<&Asker>,
    now: Time,
) -> Result<()> {
    let waiting = subscriptions::of_mailbox(tx, mailbox.id, Standing::Pending, MANY)?;
    for need in together(waiting.into_iter().filter(|row| row.person_id == person)) {
        let Some(first) = need.first() else {
            continue;
        };
        let again = if first.is_of_site() {
            link::CONFIRM
        } else {
            AGAIN
        };
        let asked_at = need.iter().filter_map(|row| row.letter_at).max();
        let is_due = asked_at.is_none_or(|asked| asked.plus(again) <= now);
        // One that did not just come in, and has no letter, was refused its letter before.
        let is_fresh = need.iter().any(|row| row.asked_at == now);
        let wanted = is_due
            && (is_fresh || person.is_some())
            && may_write(tx, mailbox, Share::Consent, asker, now)? == Verdict::Granted;
        let letter_at = match (wanted, asked_at) {
            (true, _) => now,
            // Whoever confirms the one confirms the other, so they end together.
            (false, Some(asked)) => asked,
            (false, None) => continue,
        };
        for row in need.iter().filter(|row| wanted || row.letter_at.is_none()) {
            let row = Subscription {
                letter_at: Some(letter_at),
                expires_at: letter_at.plus(link::CONFIRM),
                ..row.clone()
            };
            subscriptions::replace(tx, &row)?;
        }
        if wanted {
            let call = outbox::Call {
                kind: outbox::CONFIRM,
                subject: first.id.cast(),
                recipient: mailbox.id,
                site: mailbox.site_id,
                thread: first.thread_id,
                cadence: Frequency::Instant,
                causes: Vec::new(),
            };
            outbox::post(tx, &call, now)?;
        }
    }
    Ok(())
}

fn together(waiting: impl Iterator<Item = Subscription>) -> Vec<Vec<Subscription>> {
    let mut needs: Vec<Vec<Subscription>> = Vec::new();
    for row in waiting {
        match needs.iter_mut().find(|need| need[0].goes_with(&row)) {
            Some(need) => need.push(row),
            None => needs.push(vec![row]),
        }
    }
    needs
}

/// Whether one more letter that anybody could ask for may go to a mailbox; counts it. Counted first, so that what whoever asks
/// is told does not depend on what is known of the address.
pub(super) fn may_write(
    tx: &mut Tx,
    mailbox: &Mailbox,
    share: Share,
    asker: Option<&Asker>,
    now: Time,
) -> Result<Verdict> {
    let asker = asker.map(|asker| &asker.0[..]);
    let verdict = letter_requests::count(tx, share, &mailbox.folded, asker, now)?;
    match verdict == Verdict::Granted && suppressions::of(tx, &mailbox.folded)?.is_some() {
        true => Ok(Verdict::Withheld),
        false => Ok(verdict),
    }
}

/// Agrees to a choice, and to all else that the same person, or the site, chose for the mailbox, now and later. Agreeing
/// twice is agreeing once. Gives the choices that count by it.
///
/// # Errors
/// [`Error::NotFound`] when it is there no more: left, forgotten or too old.
pub async fn confirm(
    store: &Store,
    mailbox: MailboxId,
    id: SubscriptionId,
    now: Time,
) -> Result<Vec<SubscriptionId>> {
    store
        .write(move |tx| {
            mailboxes::answered(tx, mailbox, now)?;
            let asked = subscriptions::by_id(tx, id)?
                .filter(|row| row.mailbox_id == mailbox)
                .ok_or(Error::NotFound)?;
            match *asked.state {
                Standing::Ended => return Err(Error::NotFound),
                Standing::Pending if asked.expires_at <= now => return Err(Error::NotFound),
                Standing::Active => return Ok(vec![id]),
                Standing::Pending => {}
            }
            if let Some(person) = asked.person_id {
                mailboxes::confirm(tx, mailbox, person, now)?;
            }
            let waiting = subscriptions::of_mailbox(tx, mailbox, Standing::Pending, MANY)?;
            let mut agreed = vec![asked];
            let others = waiting.into_iter().filter(|row| row.id != id);
            agreed.extend(
                others
                    .filter(|row| agreed[0].goes_with(row))
                    .collect::<Vec<_>>(),
            );
            for row in &agreed {
                let row = Subscription {
                    state: Named(Standing::Active),
                    confirmed_at: Some(now),
                    ..row.clone()
                };
                subscriptions::replace(tx, &row)?;
                consents::record(tx, &row, Act::Confirmed, Form::ConfirmPage, now)?;
            }
            Ok(agreed.iter().map(|row| row.id).collect())
        })
        .await
}
