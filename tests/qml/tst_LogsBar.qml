import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "LogsBar"
    width: 1000
    height: 100
    visible: true
    when: windowShown

    Finder {
        id: finder
    }

    LogModel {
        id: lines

        services: ["api"]
        known: ["api", "db"]
        isFollowing: true
    }

    LogsBar {
        id: bar

        width: root.width
        logModel: lines
        hidden: []
    }

    SignalSpy {
        id: narrowed

        target: bar
        signalName: "narrowed"
    }

    SignalSpy {
        id: follow

        target: bar
        signalName: "followWanted"
    }

    function init() {
        lines.calls = [];
        Looks.calls = [];
        lines.isFollowing = true;
        lines.clear();
        bar.clear();
        narrowed.clear();
        follow.clear();
    }

    function press(name: string) {
        const button = finder.button(bar, name);
        verify(button, name);
        mouseClick(button);
    }

    function test_typing_narrows_at_once() {
        bar.focusFind();
        keyClick(Qt.Key_E);
        compare(bar.needle, "e");
        compare(narrowed.count, 1);
        verify(!bar.isNarrowed);
        root.press("Only lines that match");
        verify(bar.isNarrowed);
    }

    function test_return_goes_to_the_next_hit_and_shift_back() {
        bar.focusFind();
        keyClick(Qt.Key_Return);
        compare(finder.last(lines.calls), "[\"step\",true]");
        keyClick(Qt.Key_Return, Qt.ShiftModifier);
        compare(finder.last(lines.calls), "[\"step\",false]");
    }

    function test_follow_pauses_and_follows_again() {
        root.press("Follow");
        compare(finder.last(lines.calls), "[\"pause\"]");
        lines.isFollowing = false;
        root.press("Follow");
        compare(follow.count, 1);
    }

    function test_wrapping_is_remembered() {
        Looks.isLogWrapped = true;
        root.press("Wrap long lines (Alt+Z)");
        compare(finder.last(Looks.calls), "[\"wrapLogs\",false]");
    }

    function test_an_empty_log_cannot_be_copied_or_saved() {
        verify(!finder.button(bar, "Save as a file…").enabled);
        lines.append({
                "text": "ready"
            });
        verify(finder.button(bar, "Save as a file…").enabled);
    }

    function test_clear_shows_all_again() {
        bar.focusFind();
        keyClick(Qt.Key_E);
        root.press("Only lines that match");
        bar.clear();
        compare(bar.needle, "");
        verify(!bar.isNarrowed && !bar.isMatchesOnly);
    }
}
