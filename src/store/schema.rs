//! The tables, as diesel sees them. `migrations/` is the truth; a test compares the two.

diesel::table! {
    sites (id) {
        id -> Binary,
        slug -> Text,
        name -> Text,
        origins -> Text,
        locale -> Text,
        policy -> Text,
        phrases -> Text,
        sso -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        addresses -> Nullable<Text>,
        next_addresses -> Nullable<Text>,
    }
}

diesel::table! {
    threads (id) {
        id -> Binary,
        site_id -> Binary,
        key -> Text,
        url -> Text,
        title -> Nullable<Text>,
        state -> Text,
        moderation -> Nullable<Text>,
        comment_count -> BigInt,
        version -> BigInt,
        last_at -> BigInt,
        created_at -> BigInt,
        hidden -> Bool,
        owner_id -> Nullable<Binary>,
        page_title -> Nullable<Text>,
        page_asked_at -> Nullable<BigInt>,
        url_known -> Bool,
        joined_into -> Nullable<Binary>,
        joining -> Bool,
    }
}

diesel::table! {
    thread_keys (site_id, key) {
        site_id -> Binary,
        key -> Text,
        thread_id -> Binary,
        job_id -> Nullable<Binary>,
    }
}

diesel::table! {
    events (thread_id, version) {
        thread_id -> Binary,
        version -> BigInt,
        kind -> Text,
        comment_id -> Nullable<Binary>,
        at -> BigInt,
        passage_id -> Nullable<Binary>,
    }
}

diesel::table! {
    people (id) {
        id -> Binary,
        site_id -> Binary,
        kind -> Text,
        issuer -> Nullable<Text>,
        subject -> Nullable<Text>,
        name -> Nullable<Text>,
        skeleton -> Nullable<Text>,
        email -> Nullable<Text>,
        verified -> Bool,
        website -> Nullable<Text>,
        avatar_url -> Nullable<Text>,
        role -> Text,
        created_at -> BigInt,
        approved -> BigInt,
        rejected -> BigInt,
        rejected_at -> Nullable<BigInt>,
        signed_out_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        person_id -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        kind -> Text,
        origin -> Nullable<Text>,
        used_at -> BigInt,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> Binary,
        name -> Text,
        role -> Text,
        site_id -> Nullable<Binary>,
        person_id -> Nullable<Binary>,
        read_only -> Bool,
        hash -> Binary,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    passages (id) {
        id -> Binary,
        thread_id -> Binary,
        key -> Nullable<Text>,
        planted -> Bool,
        question -> Nullable<Text>,
        state -> Text,
        quote -> Text,
        exact -> Text,
        prefix -> Text,
        suffix -> Text,
        position -> Nullable<BigInt>,
        person_id -> Nullable<Binary>,
        answer_count -> BigInt,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        found -> Nullable<Text>,
        struck -> Bool,
        joined_into -> Nullable<Binary>,
    }
}

diesel::table! {
    comments (id) {
        id -> Binary,
        thread_id -> Binary,
        site_id -> Binary,
        parent_id -> Nullable<Binary>,
        root_id -> Binary,
        reply_to -> Nullable<Binary>,
        depth -> Integer,
        person_id -> Binary,
        author_name -> Nullable<Text>,
        author_website -> Nullable<Text>,
        status -> Text,
        listed -> Bool,
        body -> Text,
        body_html -> Text,
        reasons -> Text,
        revision -> BigInt,
        up -> BigInt,
        down -> BigInt,
        rank -> BigInt,
        reply_count -> BigInt,
        pinned -> Bool,
        created_at -> BigInt,
        published_at -> Nullable<BigInt>,
        active_at -> BigInt,
        edited_at -> Nullable<BigInt>,
        passage_id -> Nullable<Binary>,
        risk -> BigInt,
        reports -> BigInt,
        queued_at -> Nullable<BigInt>,
        draft -> Bool,
        renderer -> Integer,
    }
}

diesel::table! {
    revisions (comment_id, revision) {
        comment_id -> Binary,
        revision -> BigInt,
        body -> Text,
        body_html -> Text,
        public -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    votes (comment_id, person_id) {
        comment_id -> Binary,
        person_id -> Binary,
        thread_id -> Binary,
        value -> Integer,
        at -> BigInt,
    }
}

diesel::table! {
    reactions (comment_id, person_id, emoji) {
        comment_id -> Binary,
        person_id -> Binary,
        emoji -> Text,
        thread_id -> Binary,
        at -> BigInt,
    }
}

diesel::table! {
    reaction_counts (comment_id, emoji) {
        comment_id -> Binary,
        emoji -> Text,
        count -> BigInt,
    }
}

diesel::table! {
    mailboxes (id) {
        id -> Binary,
        site_id -> Binary,
        email -> Text,
        folded -> Text,
        locale -> Text,
        person_id -> Nullable<Binary>,
        created_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    mailbox_people (mailbox_id, person_id) {
        mailbox_id -> Binary,
        person_id -> Binary,
        confirmed_at -> BigInt,
    }
}

diesel::table! {
    subscriptions (id) {
        id -> Binary,
        mailbox_id -> Binary,
        site_id -> Binary,
        person_id -> Nullable<Binary>,
        scope -> Text,
        target -> Binary,
        thread_id -> Nullable<Binary>,
        frequency -> Text,
        state -> Text,
        form -> Text,
        asked_at -> BigInt,
        letter_at -> Nullable<BigInt>,
        expires_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    consents (id) {
        id -> Binary,
        mailbox_id -> Binary,
        scope -> Text,
        target -> Binary,
        frequency -> Text,
        act -> Text,
        form -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    suppressions (email) {
        email -> Text,
        reason -> Text,
        detail -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    letter_requests (address, hour) {
        address -> Binary,
        hour -> BigInt,
        count -> BigInt,
    }
}

diesel::table! {
    staff_links (id) {
        id -> Binary,
        site_id -> Binary,
        person_id -> Binary,
        kind -> Text,
        url -> Nullable<Text>,
        link -> Nullable<Binary>,
        code -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
        opened_at -> Nullable<BigInt>,
        redeemed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_ins (id) {
        id -> Binary,
        site_id -> Binary,
        mailbox_id -> Binary,
        url -> Text,
        tries -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        opened_at -> Nullable<BigInt>,
        redeemed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    outbox (id) {
        id -> Binary,
        kind -> Text,
        subject -> Binary,
        recipient -> Binary,
        site_id -> Binary,
        thread_id -> Nullable<Binary>,
        cadence -> Text,
        reason -> Text,
        letter -> Nullable<Binary>,
        progress -> Nullable<Binary>,
        due_at -> BigInt,
        lease_until -> Nullable<BigInt>,
        attempts -> Integer,
        state -> Text,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    idempotency (scope, key) {
        scope -> Binary,
        key -> Text,
        fingerprint -> Binary,
        outcome -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    verdicts (comment_id) {
        comment_id -> Binary,
        action -> Text,
        was -> Text,
        was_reasons -> Text,
        at -> BigInt,
        draft -> Nullable<BigInt>,
        prior_action -> Nullable<Text>,
        prior_at -> Nullable<BigInt>,
        lesson -> Nullable<BigInt>,
        undone -> Bool,
    }
}

diesel::table! {
    tallies (site_id, day, name, slot) {
        site_id -> Binary,
        day -> BigInt,
        name -> Text,
        slot -> Integer,
        count -> BigInt,
    }
}

diesel::table! {
    audit (id) {
        id -> Binary,
        site_id -> Nullable<Binary>,
        at -> BigInt,
        actor -> Text,
        actor_person -> Nullable<Binary>,
        actor_token -> Nullable<Binary>,
        action -> Text,
        object -> Text,
        object_id -> Binary,
        reason -> Nullable<Text>,
        note -> Nullable<Text>,
        was -> Text,
        became -> Text,
    }
}

diesel::table! {
    bans (id) {
        id -> Binary,
        site_id -> Binary,
        kind -> Text,
        value -> Binary,
        epoch -> Nullable<BigInt>,
        comment_id -> Nullable<Binary>,
        reason -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        lifted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    comment_networks (comment_id) {
        comment_id -> Binary,
        epoch -> BigInt,
        hash -> Binary,
        at -> BigInt,
    }
}

diesel::table! {
    reports (id) {
        id -> Binary,
        site_id -> Binary,
        comment_id -> Binary,
        person_id -> Binary,
        verified -> Bool,
        reason -> Text,
        detail -> Text,
        law -> Nullable<Text>,
        contact -> Nullable<Text>,
        state -> Text,
        grounds -> Nullable<Text>,
        created_at -> BigInt,
        decided_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    word_lists (site_id, list) {
        site_id -> Binary,
        list -> Text,
        entries -> Text,
        version -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    lessons (site_id, number) {
        site_id -> Binary,
        number -> BigInt,
        comment_id -> Binary,
        revision -> BigInt,
        is_spam -> Bool,
        traits -> Nullable<Binary>,
        stands -> Bool,
    }
}

diesel::table! {
    models (site_id) {
        site_id -> Binary,
        told -> BigInt,
        taught -> BigInt,
        version -> BigInt,
        weights -> Nullable<Binary>,
        moved -> Nullable<Binary>,
        base -> BigInt,
    }
}

diesel::table! {
    model_states (site_id, number) {
        site_id -> Binary,
        number -> BigInt,
        weights -> Binary,
        moved -> Binary,
    }
}

diesel::table! {
    judgements (comment_id) {
        comment_id -> Binary,
        opinions -> Text,
        author -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    prints (site_id, number) {
        site_id -> Binary,
        number -> BigInt,
        comment_id -> Binary,
        thread_id -> Binary,
        at -> BigInt,
    }
}

diesel::table! {
    drafts (comment_id) {
        comment_id -> Binary,
        revision -> BigInt,
        body -> Text,
        body_html -> Text,
        reasons -> Text,
        waits -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    spent_work (nonce) {
        nonce -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    used_links (link) {
        link -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    advisers (site_id) {
        site_id -> Binary,
        url -> Text,
        secret -> Text,
        secret_at -> BigInt,
        former -> Nullable<Text>,
        former_until -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    page_requests (thread_id) {
        thread_id -> Binary,
        site_id -> Binary,
        url -> Text,
        due_at -> BigInt,
    }
}

diesel::table! {
    page_turns (site_id) {
        site_id -> Binary,
        asked_at -> BigInt,
    }
}

diesel::table! {
    page_hints (comment_id) {
        comment_id -> Binary,
        url -> Text,
        title -> Nullable<Text>,
    }
}

diesel::table! {
    site_keys (site_id) {
        site_id -> Binary,
        url -> Text,
        jwks -> Text,
        tried_at -> BigInt,
        fetched_at -> BigInt,
        failed_at -> Nullable<BigInt>,
        failure -> Nullable<Text>,
        due_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> Binary,
        site_id -> Nullable<Binary>,
        kind -> Text,
        state -> Text,
        arguments -> Text,
        cursor -> Nullable<Text>,
        done -> BigInt,
        total -> Nullable<BigInt>,
        result -> Nullable<Text>,
        error -> Nullable<Text>,
        detail -> Nullable<Text>,
        cancelling -> Bool,
        attempts -> Integer,
        holder -> Nullable<Binary>,
        lease_until -> Nullable<BigInt>,
        created_at -> BigInt,
        started_at -> Nullable<BigInt>,
        changed_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    joins (id) {
        id -> Binary,
        site_id -> Binary,
        from_thread -> Binary,
        into_thread -> Binary,
        state -> Text,
        comments -> BigInt,
        passages -> BigInt,
        subscriptions -> BigInt,
        keys -> BigInt,
        at -> BigInt,
        undo_until -> BigInt,
        undone_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    joined_items (join_id, kind, item) {
        join_id -> Binary,
        kind -> Text,
        item -> Binary,
        other -> Nullable<Binary>,
    }
}

diesel::joinable!(thread_keys -> threads (thread_id));
diesel::joinable!(comments -> threads (thread_id));
diesel::joinable!(sessions -> people (person_id));
diesel::allow_tables_to_appear_in_same_query!(thread_keys, threads);
diesel::joinable!(joined_items -> joins (join_id));
diesel::allow_tables_to_appear_in_same_query!(joined_items, joins);
diesel::allow_tables_to_appear_in_same_query!(joined_items, comments);
diesel::allow_tables_to_appear_in_same_query!(joined_items, subscriptions);
diesel::joinable!(verdicts -> comments (comment_id));
diesel::allow_tables_to_appear_in_same_query!(comments, threads);
diesel::allow_tables_to_appear_in_same_query!(comments, verdicts);
diesel::allow_tables_to_appear_in_same_query!(sessions, people);
diesel::joinable!(mailbox_people -> mailboxes (mailbox_id));
diesel::joinable!(subscriptions -> mailboxes (mailbox_id));
diesel::allow_tables_to_appear_in_same_query!(mailbox_people, mailboxes);
diesel::allow_tables_to_appear_in_same_query!(subscriptions, mailboxes);
diesel::allow_tables_to_appear_in_same_query!(mailboxes, sign_ins);
diesel::allow_tables_to_appear_in_same_query!(mailboxes, outbox);
