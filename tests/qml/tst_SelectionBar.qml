import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "SelectionBar"
    width: 1000
    height: 60
    visible: true
    when: windowShown

    Finder {
        id: finder
    }

    Columns {
        id: columnsOfTheList

        width: root.width
    }

    SelectionBar {
        id: bar

        width: root.width
        columns: columnsOfTheList
    }

    SignalSpy {
        id: order

        target: bar
        signalName: "orderWanted"
    }

    SignalSpy {
        id: logs

        target: bar
        signalName: "logsWanted"
    }

    function init() {
        ServicesModel.selected = ["api", "web"];
        Actions.calls = [];
        ServicesModel.calls = [];
        order.clear();
        logs.clear();
    }

    function press(name: string) {
        const button = finder.button(bar, name);
        verify(button, name);
        mouseClick(button);
    }

    function test_it_says_how_many_there_are() {
        compare(bar.Accessible.name, "2 selected");
    }

    function test_all_of_them_restart_and_start() {
        root.press("Restart");
        compare(finder.last(Actions.calls), JSON.stringify(["runOn", Actions.RestartThem, ["api", "web"]]));
        root.press("Start");
        compare(finder.last(Actions.calls), JSON.stringify(["runOn", Actions.StartThem, ["api", "web"]]));
    }

    function test_several_are_not_stopped_unasked() {
        root.press("Stop…");
        compare(Actions.calls.length, 0);
        compare(order.signalArguments[0][0], Actions.StopThem);
    }

    function test_their_logs_are_shown_together() {
        root.press("Logs together");
        compare(logs.count, 1);
    }

    function test_the_selection_can_be_cleared() {
        root.press("Clear");
        compare(finder.last(ServicesModel.calls), "[\"clearSelection\"]");
    }
}
