import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "ProblemCard"
    width: 368
    height: 400
    visible: true
    when: windowShown

    Finder {
        id: finder
    }

    SignalSpy {
        id: place

        signalName: "placeWanted"
    }

    ListModel {
        id: problems

        Component.onCompleted: {
            for (const line of [38, 0])
                problems.append({
                        "line": line,
                        "column": 1,
                        "place": line > 0 ? line + ":1" : "",
                        "isError": line > 0,
                        "path": "services.api",
                        "title": "Unknown key htpp",
                        "advice": "Did you mean http?",
                        "example": "http = \"http://localhost\"",
                        "fix": line > 0 ? "http" : ""
                    });
        }
    }

    Column {
        width: parent.width

        Repeater {
            id: list

            model: problems
            delegate: ProblemCard {
                width: 336
            }
        }
    }

    function init() {
        ConfigDocument.calls = [];
        place.clear();
    }

    function test_a_problem_says_where_what_and_what_would_be_right() {
        compare(list.itemAt(0).Accessible.name, "38:1, Unknown key htpp, Did you mean http?, http = \"http://localhost\"");
    }

    function test_the_suggestion_is_put_in_by_its_number() {
        mouseClick(finder.button(list.itemAt(0), "Change to http"));
        compare(finder.last(ConfigDocument.calls), "[\"fix\",0]");
    }

    function test_the_way_to_the_line() {
        place.target = list.itemAt(0);
        mouseClick(finder.button(list.itemAt(0), "Go to line"));
        compare(place.count, 1);
    }

    function test_what_has_no_place_and_no_cure_offers_none() {
        compare(finder.button(list.itemAt(1), "Go to line"), null);
        compare(finder.button(list.itemAt(1), "Change to "), null);
    }
}
