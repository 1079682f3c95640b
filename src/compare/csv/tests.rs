use super::*;

fn read_text(text: &str) -> Result<Found, CsvError> {
    read(text.as_bytes())
}

fn refusal(text: &str) -> String {
    read_text(text).expect_err("a refusal").to_string()
}

#[test]
fn columns_go_by_name_in_any_order_and_others_are_passed_over() {
    let text = "\u{feff}pair_id, outcome ,right_score,note,left_score\r\np1,positive,80,\"a,b\",19.5\r\np2,,0,x,100\r\n";
    let found = read_text(text).expect("pairs");
    let (rows, _) = found.pairs.sorted();
    let seen: Vec<_> = rows.iter().map(|row| (row.left, row.right, row.left_level, row.positive())).collect();
    assert_eq!(seen, [(19.5, 80.0, 0, Some(true)), (100.0, 0.0, 4, None)]);
    let steps: Vec<_> = found.funnel.steps.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(steps, [("read", 2), ("usable", 2), ("labelled", 1)]);
}

#[test]
fn a_given_level_wins_over_the_scores_own() {
    let text = "left_score,right_score,left_level,right_level\n10,10,very_high,\n";
    let (rows, _) = read_text(text).expect("pairs").pairs.sorted();
    assert_eq!((rows[0].left_level, rows[0].right_level), (4, 0));
}

#[test]
fn pairs_without_a_score_are_left_out_and_counted() {
    let found = read_text("left_score,right_score\n10,\n,20\n , \n1,2\n").expect("pairs");
    assert_eq!(found.pairs.len(), 1);
    let excluded: Vec<_> = found.funnel.excluded.into_iter().collect();
    let one = |name: &str| (name.to_owned(), 1);
    assert_eq!(excluded, [one("no_left_score"), one("no_right_score"), one("no_score")]);
}

#[test]
fn what_became_of_those_without_a_score_is_read_too() {
    let header = "left_score,right_score,outcome\n";
    let text = format!("{header}10,,positive\n10,,negative\n,20,negative\n,,positive\n1,2,\n");
    let unanswered = read_text(&text).expect("pairs").unpaired.unanswered();
    let told = |silence: crate::compare::Silence| (silence.subjects, silence.positives, silence.negatives);
    assert_eq!((told(unanswered.left), told(unanswered.right)), ((2, 1, 1), (3, 2, 1)));
    assert!(refusal(&format!("{header},2,fraud\n")).contains("column outcome"));
}

#[test]
fn of_several_lines_about_one_subject_the_first_counts() {
    let text = "subject_id,left_score,right_score\na,10,20\na,90,95\nb,,1\nb,3,4\n,5,6\n,5,6\n";
    let found = read_text(text).expect("pairs");
    let (rows, _) = found.pairs.sorted();
    assert_eq!(rows.iter().map(|row| row.left).collect::<Vec<_>>(), [3.0, 5.0, 5.0, 10.0]);
    assert_eq!(found.funnel.excluded["repeated"], 1);
    let header = "subject_id,left_score,right_score,outcome\n";
    let text = format!("{header}a,1,,positive\na,1,,positive\nb,1,,negative\nb,1,2,negative\n");
    let unanswered = read_text(&text).expect("pairs").unpaired.unanswered();
    assert_eq!(
        (unanswered.right.subjects, unanswered.right.negatives),
        (1, 0),
        "whoever was answered is not silent"
    );
}

#[test]
fn a_quote_that_is_not_closed_swallows_nothing() {
    let header = "left_score,right_score,outcome,segment\n";
    let told = refusal(&format!("{header}1,2,negative,\"5 inch\n3,4,,\n5,6,,\n"));
    assert!(told.starts_with("line 2: a field goes over several lines"), "{told}");
    let (rows, names) = read_text(&format!("{header}1,2,,\"5 \"\" inch\"\n")).expect("pairs").pairs.sorted();
    assert_eq!((rows.len(), names[0].as_str()), (1, "5 \" inch"));
}

#[test]
fn segments_are_plain_text_and_few() {
    let header = "left_score,right_score,segment\n";
    for segment in ["a\u{1b}[31m", "live\u{202e}312", "a\tb", "a\u{200f}b", "\u{61c}a"] {
        let told = refusal(&format!("{header}1,2,{segment}\n"));
        assert!(told.contains("line 2, column segment: a control character"), "{told}");
    }
    let many: String = (0..=MOST_SEGMENTS).map(|number| format!("1,2,s{number}\n")).collect();
    assert!(refusal(&format!("{header}{many}")).contains("more than 10000 different values"));
}

#[test]
fn what_is_not_understood_refuses_the_file_with_its_line_and_what_to_do() {
    let header = "left_score,right_score,left_level,right_level,outcome\n1,2,,,\n";
    for (line, part) in [
        ("100.5,2,,,", "line 3, column left_score: a number outside 0 to 100"),
        ("-1,2,,,", "line 3, column left_score: a number outside 0 to 100"),
        ("1,nan,,,", "line 3, column right_score: not a number"),
        ("1,inf,,,", "line 3, column right_score: not a number"),
        ("1,\"2,5\",,,", "line 3, column right_score: not a number"),
        ("1,0x10,,,", "line 3, column right_score: not a number"),
        ("1,1e400,,,", "line 3, column right_score: a number outside 0 to 100"),
        ("1,2,High,,", "line 3, column left_level: an unknown word"),
        (",2,rubbish,,", "line 3, column left_level: an unknown word"),
        (
            "1,2,,,fraud",
            "line 3, column outcome: an unknown word; write positive, negative or leave it blank",
        ),
        ("1,2,,", "reading the pairs"),
    ] {
        let told = refusal(&format!("{header}{line}\n"));
        assert!(told.contains(part), "{line}: {told}");
        assert!(!told.contains("rubbish") && !told.contains("fraud"), "values are not repeated: {told}");
    }
}

#[test]
fn headers_that_cannot_be_meant_are_refused() {
    assert!(refusal("").contains("no column left_score"));
    assert!(refusal("left_score,right\n1,2\n").contains("no column right_score"));
    assert!(refusal("left_score,right_score,left_score\n1,2,3\n").contains("twice"));
    let told = refusal("left_score;right_score\n1;2\n");
    assert!(told.contains("holds semicolons: columns are told apart by commas"), "{told}");
    assert!(refusal("left_score\tright_score\n1\t2\n").contains("holds tabs"));
}

#[test]
fn what_is_written_reads_back_as_the_same_pairs() {
    let rating = |score: f64, level| Rating { score: Points::new(score).expect("a score"), level };
    let pairs = [
        (
            rating(58.272_833_333_65, Level::Medium),
            rating(0.1 + 0.2, Level::VeryHigh),
            Some(true),
            Some("a,\"b\""),
        ),
        (rating(100.0, Level::VeryHigh), rating(0.0, Level::VeryLow), Some(false), None),
        (rating(1e-7, Level::VeryLow), rating(99.999, Level::VeryHigh), None, Some("NG")),
    ];
    let mut writer = PairWriter::new(Vec::new(), &["pair_id"]).expect("a header");
    for (number, (left, right, outcome, segment)) in pairs.into_iter().enumerate() {
        writer.write(&Pair { left, right, outcome, segment }, &[&number.to_string()]).expect("a line");
    }
    let text = String::from_utf8(writer.finish().expect("the end")).expect("UTF-8");
    assert!(
        text.starts_with("left_score,right_score,left_level,right_level,outcome,segment,pair_id\n"),
        "{text}"
    );
    let (rows, names) = read_text(&text).expect("pairs").pairs.sorted();
    let mut expected = Pairs::default();
    for (left, right, outcome, segment) in pairs {
        expected.push(Pair { left, right, outcome, segment });
    }
    assert_eq!(format!("{:?}", (rows, names)), format!("{:?}", expected.sorted()));
}

#[test]
fn an_outcome_is_of_the_subject_whichever_line_tells_it() {
    let header = "subject_id,left_score,right_score,outcome\n";
    for (lines, expected) in [
        ("a,1,2,negative\na,3,4,positive\n", Some(true)),
        ("a,1,2,positive\na,3,4,negative\n", Some(true)),
        ("a,1,2,\na,3,4,negative\n", Some(false)),
        ("a,1,2,negative\na,3,4,\n", Some(false)),
        ("a,1,2,negative\na,,4,positive\n", Some(true)),
        ("a,,2,negative\na,1,2,\n", Some(false)),
        ("a,1,2,\nb,3,4,positive\n", None),
    ] {
        let found = read_text(&format!("{header}{lines}")).expect("pairs");
        let (rows, _) = found.pairs.sorted();
        assert_eq!((rows[0].left, rows[0].positive()), (1.0, expected), "{lines}");
        let labelled = u64::try_from(found.pairs.labelled()).expect("few");
        assert_eq!((found.funnel.steps["labelled"], found.unpaired), (labelled, Unpaired::default()));
    }
}
