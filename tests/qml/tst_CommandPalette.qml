import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "CommandPalette"
    width: 800
    height: 600
    visible: true
    when: windowShown

    Finder {
        id: finder
    }

    CommandPalette {
        id: palette

        current: "api"
    }

    function fill(entries: var) {
        const list = finder.list(palette, "palette");
        list.clear();
        for (const [action, text, isOn] of entries)
            list.append({
                    "action": action,
                    "service": "api",
                    "text": text,
                    "marked": text,
                    "context": "",
                    "keys": "",
                    "glyph": "action-restart",
                    "isOn": isOn,
                    "found": entries.length,
                    "total": 30
                });
    }

    function init() {
        Actions.calls = [];
        palette.open();
        tryCompare(palette, "opened", true);
        root.fill([[Actions.Restart, "Restart api", true], [Actions.Stop, "Stop api", true], [Actions.Start, "Start api", false]]);
    }

    function cleanup() {
        palette.close();
        tryCompare(palette, "visible", false);
    }

    function test_what_is_typed_is_looked_for_beside_the_chosen_service() {
        keyClick(Qt.Key_S);
        compare(finder.last(Actions.calls), JSON.stringify(["search", "s", "api"]));
    }

    function test_return_runs_the_first_and_closes() {
        keyClick(Qt.Key_Return);
        compare(finder.last(Actions.calls), JSON.stringify(["run", Actions.Restart, "api"]));
        tryCompare(palette, "visible", false);
    }

    function test_arrows_choose_and_control_keeps_it_open() {
        keyClick(Qt.Key_Down);
        keyClick(Qt.Key_Return, Qt.ControlModifier);
        compare(finder.last(Actions.calls), JSON.stringify(["run", Actions.Stop, "api"]));
        verify(palette.visible);
    }

    function test_what_is_off_cannot_be_run() {
        keyClick(Qt.Key_Down);
        keyClick(Qt.Key_Down);
        const before = Actions.calls.length;
        keyClick(Qt.Key_Return);
        compare(Actions.calls.length, before);
        verify(palette.visible);
    }

    function test_lines_that_go_while_others_come_are_no_trouble() {
        failOnWarning(/out range/);
        for (let round = 0; round < 20; ++round) {
            const many = Array.from({
                    "length": round % 2 === 0 ? 60 : 1
                }, (_, at) => [Actions.Restart, "Restart " + at, true]);
            root.fill(many);
            wait(0);
        }
    }
}
