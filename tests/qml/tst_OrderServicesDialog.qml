import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "OrderServicesDialog"
    width: 640
    height: 480
    visible: true
    when: windowShown

    Finder {
        id: finder
    }

    OrderServicesDialog {
        id: dialog
    }

    function order(): QtObject {
        return finder.list(dialog.contentItem, "stop-order");
    }

    function fill(names: var) {
        for (const name of names)
            root.order().append({
                    "name": name,
                    "phase": ServicesModel.Running,
                    "why": "nothing depends on it"
                });
    }

    function init() {
        Actions.calls = [];
    }

    function cleanup() {
        root.order().clear();
        dialog.close();
        tryCompare(dialog, "visible", false);
    }

    function test_return_does_what_was_asked_to_those_that_were_named() {
        root.fill(["web", "db"]);
        dialog.ask(Actions.StopThem, ["db", "web"]);
        tryCompare(dialog, "opened", true);
        compare(dialog.title, "Stop 2 services?");
        compare(dialog.verb, "Stop 2 services");
        keyClick(Qt.Key_Return);
        compare(finder.last(Actions.calls), JSON.stringify(["runOn", Actions.StopThem, ["db", "web"]]));
    }

    function test_one_is_called_by_its_name() {
        root.fill(["web"]);
        dialog.ask(Actions.RestartThem, ["web"]);
        compare(dialog.title, "Restart web?");
        compare(dialog.verb, "Restart service");
    }

    function test_the_focus_is_seen_where_return_goes() {
        dialog.ask(Actions.StopThem, ["web"]);
        tryCompare(dialog, "opened", true);
        verify(finder.button(dialog.footer, "Cancel").visualFocus);
        // The order may come later than the question.
        root.fill(["web"]);
        const verb = finder.button(dialog.footer, "Stop service");
        tryCompare(verb, "visualFocus", true);
    }

    function test_nothing_is_done_when_none_runs_any_more() {
        dialog.ask(Actions.StopThem, ["web"]);
        tryCompare(dialog, "opened", true);
        compare(dialog.canConfirm, false);
        keyClick(Qt.Key_Return);
        compare(Actions.calls.length, 0);
        tryCompare(dialog, "visible", false);
    }
}
