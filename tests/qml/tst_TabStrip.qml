import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    property int current: 0

    name: "TabStrip"
    width: 400
    height: 100
    visible: true
    when: windowShown

    TabStrip {
        id: strip

        label: "Details"

        TabButton {
            text: "Overview"
            isCurrent: root.current === 0
            onClicked: root.current = 0
        }

        TabButton {
            text: "Logs"
            isCurrent: root.current === 1
            onClicked: root.current = 1
        }

        TabButton {
            text: "Hidden"
            visible: false
            isCurrent: root.current === 2
            onClicked: root.current = 2
        }

        TabButton {
            text: "Metrics"
            isCurrent: root.current === 3
            onClicked: root.current = 3
        }
    }

    function init() {
        root.current = 0;
        strip.step(false);
        strip.step(true);
    }

    function test_right_goes_on_and_around() {
        const seen = [];
        for (let i = 0; i < 3; ++i) {
            keyClick(Qt.Key_Right);
            seen.push(root.current);
        }
        compare(seen.join(), "1,3,0");
    }

    function test_left_goes_back() {
        keyClick(Qt.Key_Left);
        compare(root.current, 3);
    }

    function test_right_to_left_is_mirrored() {
        strip.LayoutMirroring.enabled = true;
        keyClick(Qt.Key_Left);
        compare(root.current, 1);
        strip.LayoutMirroring.enabled = false;
    }

    function test_a_click_asks() {
        mouseClick(strip, strip.width - 5, strip.height / 2);
        compare(root.current, 3);
    }
}
