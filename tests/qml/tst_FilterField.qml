import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "FilterField"
    width: 300
    height: 100
    visible: true
    when: windowShown

    FilterField {
        id: field

        placeholderText: "Filter"
        keyCap: "/"
    }

    SignalSpy {
        id: left

        target: field
        signalName: "finished"
    }

    function init() {
        left.clear();
        field.clear();
        field.forceActiveFocus();
    }

    function test_escape_clears_and_then_leaves() {
        keyClick(Qt.Key_A);
        compare(field.text, "a");
        keyClick(Qt.Key_Escape);
        compare(field.text, "");
        compare(left.count, 0);
        keyClick(Qt.Key_Escape);
        compare(left.count, 1);
    }

    function test_down_goes_to_the_list() {
        keyClick(Qt.Key_Down);
        compare(left.count, 1);
    }

    function test_name() {
        compare(field.Accessible.name, "Filter");
    }
}
