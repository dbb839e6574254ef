import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "FocusFollower"
    width: 200
    height: 100
    visible: true
    when: windowShown

    Flickable {
        id: view

        width: 200
        height: 100
        contentHeight: 400

        FocusFollower {
            view: view
        }

        BaseCheckBox {
            id: first

            text: "first"
        }

        BaseCheckBox {
            id: last

            y: 360
            text: "last"
        }
    }

    function isSeen(item: Item): bool {
        const y = item.mapToItem(view, 0, 0).y;
        return y >= 0 && y + item.height <= view.height;
    }

    function test_what_gets_the_keyboard_comes_into_view() {
        first.forceActiveFocus(Qt.TabFocusReason);
        verify(!root.isSeen(last));
        keyClick(Qt.Key_Tab);
        verify(last.activeFocus);
        verify(root.isSeen(last));
        keyClick(Qt.Key_Backtab);
        verify(first.activeFocus);
        verify(root.isSeen(first));
    }
}
