import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "BaseDialog"
    width: 640
    height: 480
    visible: true
    when: windowShown

    BaseDialog {
        id: dialog

        title: "Stop 4 services?"
        sentence: "They stop in this order."
        verb: "Stop services"
    }

    SignalSpy {
        id: confirmed

        target: dialog
        signalName: "confirmed"
    }

    SignalSpy {
        id: rejected

        target: dialog
        signalName: "rejected"
    }

    function init() {
        confirmed.clear();
        rejected.clear();
        dialog.isUndoable = false;
        dialog.canConfirm = true;
    }

    function cleanup() {
        dialog.close();
        tryCompare(dialog, "visible", false);
    }

    function show() {
        dialog.open();
        tryCompare(dialog, "opened", true);
    }

    function test_return_cancels_what_cannot_be_undone() {
        root.show();
        keyClick(Qt.Key_Return);
        compare(confirmed.count, 0);
        compare(rejected.count, 1);
    }

    function test_return_confirms_what_can_be_undone() {
        dialog.isUndoable = true;
        root.show();
        keyClick(Qt.Key_Return);
        compare(confirmed.count, 1);
    }

    function test_escape_is_cancel() {
        dialog.isUndoable = true;
        root.show();
        keyClick(Qt.Key_Escape);
        tryCompare(dialog, "visible", false);
        compare(confirmed.count, 0);
    }

    function test_what_is_not_allowed_is_not_confirmed() {
        dialog.isUndoable = true;
        dialog.canConfirm = false;
        root.show();
        keyClick(Qt.Key_Return);
        compare(confirmed.count, 0);
    }

    function test_it_fits_into_a_small_window() {
        root.show();
        verify(dialog.width <= root.width - 32);
        verify(dialog.x >= 0 && dialog.y >= 0);
    }
}
