//! How a comment is signed: which name a guest may use, and what is remembered of it.

use crate::domain::invalid::Invalid;
use crate::domain::role_words::claims_role;
use crate::domain::site::{Field, Policy};
use crate::domain::skeleton::skeleton;
use crate::domain::text::{Email, Name, Website};
use crate::domain::word::{Kind, Role, Word};
use crate::error::{Error, FieldError, Result};
use crate::store::Conn;
use crate::store::people::{self, Changes, Person};
use crate::store::sites::Site;

/// What a guest says of themselves.
#[derive(Clone, Default)]
pub struct Signature {
    /// The name.
    pub name: Option<Name>,
    /// The address.
    pub email: Option<Email>,
    /// The page.
    pub website: Option<Website>,
}

impl Signature {
    /// As it stands beneath a comment: a guest's as they say (of who is nobody yet, there is no more), everybody else's by which
    /// they are known.
    pub fn beneath(given: &Self, author: Option<&Person>, policy: &Policy) -> Self {
        match author {
            None => given.clone().without_hidden(policy),
            Some(guest) if *guest.kind == Kind::Guest => {
                let given = given.clone().without_hidden(policy);
                given.or_known(guest).without_hidden(policy)
            }
            Some(known) => Self::default().or_known(known),
        }
    }

    /// Leaves out what the site does not ask for.
    pub fn without_hidden(mut self, policy: &Policy) -> Self {
        if policy.fields.name == Field::Hidden {
            self.name = None;
        }
        if policy.fields.email == Field::Hidden {
            self.email = None;
        }
        if policy.fields.website == Field::Hidden {
            self.website = None;
        }
        self
    }

    /// Fills what was left out with what is known of this person.
    pub fn or_known(mut self, person: &Person) -> Self {
        self.name = self.name.or_else(|| {
            person
                .name
                .as_deref()
                .and_then(|name| Name::parse(name).ok())
        });
        self.email = self.email.or_else(|| {
            person
                .email
                .as_deref()
                .and_then(|email| Email::parse(email).ok())
        });
        self.website = self.website.or_else(|| {
            person
                .website
                .as_deref()
                .and_then(|website| Website::parse(website).ok())
        });
        self
    }

    /// Refuses a signature that lacks what the site requires.
    pub fn check_required(&self, policy: &Policy) -> Result<()> {
        let fields = policy.fields;
        let missing = [
            (
                fields.name,
                self.name.is_none(),
                "/author/name",
                "name_required",
                "a name",
            ),
            (
                fields.email,
                self.email.is_none(),
                "/author/email",
                "email_required",
                "an e-mail address",
            ),
            (
                fields.website,
                self.website.is_none(),
                "/author/website",
                "website_required",
                "a website",
            ),
        ];
        let errors: Vec<_> = missing
            .into_iter()
            .filter(|(field, missing, ..)| *field == Field::Required && *missing)
            .map(|(_, _, pointer, code, what)| FieldError {
                pointer: pointer.into(),
                invalid: Invalid::new(code, format!("This site asks for {what}.")),
            })
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Error::Fields(errors))
        }
    }
}

/// Refuses a name that claims a role, looks like one of the site's own people's, or is reserved by the site.
pub fn check_name(
    conn: &mut Conn,
    site: &Site,
    name: &Name,
    pointer: &str,
    guest: Option<&Person>,
) -> Result<()> {
    let phrase = |role: Role| site.phrases.text(role.word());
    let badges = [Role::Author, Role::Moderator, Role::Admin].map(phrase);
    if claims_role(name.as_str(), badges.into_iter().flatten()) {
        let detail = "A name cannot say that somebody runs this site or wrote the page, as “Admin”, “Moderator” or “Author” do; \
                      please sign without that.";
        return Err(Error::field(pointer, Invalid::new("name_reserved", detail)));
    }
    let shape = skeleton(name.as_str());
    let reserved = site
        .policy
        .reserved_names
        .iter()
        .any(|own| skeleton(own) == shape);
    if reserved || people::staff_bears(conn, site.id, &shape, guest.map(|person| person.id))? {
        let detail = "This name belongs to one of the site's own people; please sign with another.";
        return Err(Error::field(pointer, Invalid::new("name_reserved", detail)));
    }
    Ok(())
}

/// Notes what a guest said of themselves, for the next form; gives what is new of it, to be stored.
pub fn note(person: &mut Person, signature: &Signature) -> Changes {
    let mut changes = Changes::default();
    if let Some(name) = &signature.name
        && person.name.as_deref() != Some(name.as_str())
    {
        person.name = Some(name.as_str().to_owned());
        person.skeleton = Some(skeleton(name.as_str()));
        changes.name.clone_from(&person.name);
        changes.skeleton.clone_from(&person.skeleton);
    }
    if let Some(email) = &signature.email
        && person.email.as_deref() != Some(email.as_str())
    {
        person.email = Some(email.as_str().to_owned());
        changes.email.clone_from(&person.email);
    }
    if let Some(website) = &signature.website
        && person.website.as_deref() != Some(website.as_str())
    {
        person.website = Some(website.as_str().to_owned());
        changes.website.clone_from(&person.website);
    }
    changes
}
