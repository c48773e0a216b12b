use super::*;
use proptest::prelude::*;

fn instance(address: &str, attributes: &str, query: &str) -> bool {
    let kind = address.split('.').nth_back(1).unwrap_or_default();
    let provider = "provider[\"registry.terraform.io/hashicorp/aws\"]";
    Document::resource("shop-production", address, kind, "module.net", provider, attributes)
        .is_found_by(&Query::read(query).unwrap())
}

const WEB: &str = "module.net.aws_instance.web[0]";
const KNOWN: &str = "id=i-0ABC\narn=arn:aws:ec2:eu-central-1:1:instance/i-0abc\nname=Größe\ntag:Owner=Team-7\n";

#[test]
fn words_are_found_in_any_order_by_their_beginning() {
    for query in [
        "web",
        "WEB",
        "we aws_inst",
        "i-0a",
        "0abc",
        "team-7 web",
        "shop web",
        "production",
        "größ",
        "GRÖß",
        "hashicorp/aws",
        "aws_instance.web[0]",
        "[0]",
        "arn:aws:ec2:eu-central-1:1:instance/i-0abc",
        "owner=team",
    ] {
        assert!(instance(WEB, KNOWN, query), "{query}");
    }
    for query in ["eb", "bc", "aws-instance", "team-8", "web x", "nstance", "0bc"] {
        assert!(!instance(WEB, KNOWN, query), "{query}");
    }
}

#[test]
fn a_field_narrows() {
    for query in [
        "type:aws_instance",
        "type:instance",
        "provider:aws",
        "module:net",
        "workspace:prod web",
        "tag:owner=team-7",
        "tag:team",
        "id:i-0",
        "region:eu web",
        "name:grö",
        "kind:resource web",
        "address:web",
    ] {
        assert_eq!(instance(WEB, KNOWN, query), !query.starts_with("region"), "{query}");
    }
    for query in
        ["type:web", "provider:google", "module:web", "workspace:web", "tag:owner=team-8", "tag:ner", "kind:output web"]
    {
        assert!(!instance(WEB, KNOWN, query), "{query}");
    }
}

#[test]
fn an_overlap_counts() {
    // The first occurrence begins inside of a word, and overlaps with the one that counts.
    assert!(instance("t.xa-a-a", "", "a-a"));
    assert!(!instance("t.xaaa", "", "aa"));
}

#[test]
fn what_is_no_query_is_refused() {
    assert_eq!(Query::read(""), Err(Unreadable::Empty));
    assert_eq!(Query::read(" \u{3000} -- type: "), Err(Unreadable::Empty));
    assert_eq!(Query::read("kind:resource"), Err(Unreadable::Empty));
    assert_eq!(Query::read("kind:thing x"), Err(Unreadable::Kind("thing".into())));
    assert_eq!(Query::read("a\0b"), Err(Unreadable::Nul));
    assert_eq!(Query::read(&"a".repeat(LONGEST + 1)), Err(Unreadable::TooLong(LONGEST + 1)));
    assert_eq!(Query::read(&"a ".repeat(17)), Err(Unreadable::TooMany(17)));
}

#[test]
fn shelves_are_even() {
    let mut shelves = [0; 10];
    for n in 0..1000 {
        shelves[usize::try_from(shelf_of(&format!("aws_instance.web[{n}]"), 1000)).unwrap()] += 1;
    }
    assert!(shelves.iter().all(|count| (60..140).contains(count)), "{shelves:?}");
    assert_eq!(shelf_of("a", 0), 0);
    assert_eq!(shelf_of("a", 100), 0);
}

proptest! {
    /// The index leads to whatever a query finds: each of the query's stretches holds a word of it.
    #[test]
    fn nothing_that_is_found_lies_outside_of_a_stretch(
        address in "[a-cA-ZÄÖÜßΣİ0-9_.\\[\\] -]{0,40}",
        name in "[a-c0-9-]{1,10}",
        query in "[a-cA-ZÄÖÜßΣİ0-9_.:= -]{1,8}",
    ) {
        let Ok(query) = Query::read(&query) else { return Ok(()) };
        let document = Document::resource(&name, &address, "", "", "", "");
        if document.is_found_by(&query) {
            for run in query.runs() {
                let indexed: Vec<&str> = document.words().chain(words(&name)).collect();
                prop_assert!(indexed.iter().any(|word| run.holds(word)), "{run:?} of {query:?} in {indexed:?}");
                prop_assert!(document.place_in(&run).is_some());
            }
        }
    }

    /// A stretch holds exactly the words that it says it holds.
    #[test]
    fn a_stretch_is_one(word in "[a-cé0-9]{1,40}(-[a-c]{1,2})?", begin in "[a-cé0-9]{1,3}") {
        let run = Run(begin);
        let word = words(&word).next().unwrap_or_default().to_owned();
        let inside = word.as_bytes() >= run.from().as_slice() && word.as_bytes() < run.to().as_slice();
        prop_assert_eq!(inside, run.holds(&word));
    }
}

#[test]
fn a_word_comes_with_the_next_of_its_line() {
    let found: Vec<&str> = words("aws_instance.web[0]\nname=größe -\n\n").collect();
    assert_eq!(found, ["aws_instance", "instance.web", "web[0", "0", "name=größe", "größe"]);
    assert_eq!(words(&"é".repeat(40)).map(str::len).collect::<Vec<_>>(), [32]);
}

#[test]
fn a_term_leads_along_its_words_two_by_two() {
    let runs = |text: &str| Query::read(text).unwrap().runs().into_iter().map(|run| run.0).collect::<Vec<_>>();
    assert_eq!(runs("team-77"), ["team-77"]);
    assert_eq!(runs("eu-central-1 web"), ["eu-central", "central-1", "web"]);
    assert_eq!(runs("10.0.0.1"), ["10.0", "0.0", "0.1"]);
    assert_eq!(runs("a b a b-b"), ["a", "b", "b-b"]);
    // The second word is not in the stretch of the first one, of which the index has no more than the beginning.
    let long = "é".repeat(20);
    assert_eq!(runs(&format!("{long}-7")), [&long[..32], "7"]);
}

#[test]
fn of_a_long_text_the_first_words_are_indexed() {
    let address: String = (0..400_000).map(|n| format!("w{n}-")).collect();
    let document = Document::resource("", &address, "t", "", "", "id=i-1");
    assert!(document.words().count() < 100);
    assert!(document.words().any(|word| word == "id=i"), "what follows a long text is indexed");
    assert!(document.is_found_by(&Query::read("w399999").unwrap()), "it is compared");
    // It is told where a word of it stands.
    let run = &Query::read("w").unwrap().runs()[0];
    let (word, _) = document.place_in(run).unwrap();
    assert!(document.words().any(|indexed| indexed == word));
}

#[test]
fn an_arn_is_looked_for_everywhere() {
    for known in ["id=arn:aws:s3:::Bucket", "arn=arn:aws:s3:::bucket", "name=x arn:aws:s3:::bucket"] {
        assert!(instance("t.a", known, "arn:aws:s3:::bucket"), "{known}");
    }
    assert!(instance("t.a", "arn=arn:aws:s3:::bucket", "arn:arn:aws:s3"));
    assert!(instance("t.a", "arn=arn:aws:s3:::bucket", "arn:s3"), "without more colons it is the attribute");
    assert!(!instance("t.a", "id=arn:aws:s3:::bucket", "arn:s3"));
}
