// Text of a log line, drawn as it is: never markup, each part in its colour, with what is looked for marked.
#pragma once

#include <QtCore/QStringList>
#include <QtGui/QColor>
#include <QtGui/QFont>
#include <QtGui/QPainter>
#include <QtGui/QTextLayout>
#include <QtQuick/QQuickPaintedItem>

// A base of its own name: the same one in two bridge files would be defined twice.
using LogTextBase = QQuickPaintedItem;

namespace ostler {

// The place in the list of colours where the backgrounds begin, and the first part that has one.
constexpr int first_marked_ink = 7;
constexpr int first_background = 9;

inline void lay_out(QTextLayout &layout, double width, double line_height, bool wraps) {
    QTextOption option;
    option.setWrapMode(wraps ? QTextOption::WrapAtWordBoundaryOrAnywhere : QTextOption::NoWrap);
    option.setTextDirection(Qt::LeftToRight);
    layout.setTextOption(option);
    layout.beginLayout();
    double y = 0;
    for (QTextLine line = layout.createLine(); line.isValid(); line = layout.createLine()) {
        line.setLineWidth(qMax(1.0, width));
        line.setPosition(QPointF(0, y + (line_height - line.height()) / 2));
        y += line_height;
    }
    layout.endLayout();
}

// How many lines a text takes.
inline int log_text_lines(const QString &text, const QFont &font, double width) {
    QTextLayout layout(text, font);
    lay_out(layout, width, 1, true);
    return qMax(1, layout.lineCount());
}

// Draws a text; `parts` are begin, length and number of the colour, one after the other.
inline void draw_log_text(QPainter &painter, const QString &text, const QFont &font, const QList<int> &parts,
                          const QStringList &inks, const QColor &color, double width, double line_height,
                          bool wraps) {
    QList<QTextLayout::FormatRange> ranges;
    for (qsizetype at = 0; at + 2 < parts.size(); at += 3) {
        const int begin = parts[at], ink = parts[at + 2];
        const int length = qMin(parts[at + 1], int(text.size()) - begin);
        if (length <= 0 || ink < 0 || ink >= inks.size())
            continue;
        QTextLayout::FormatRange range{begin, length, {}};
        range.format.setForeground(QColor(inks[ink]));
        const int background = ink - first_marked_ink + first_background;
        if (ink >= first_marked_ink && background < inks.size())
            range.format.setBackground(QColor(inks[background]));
        ranges.append(range);
    }
    QTextLayout layout(text, font);
    layout.setFormats(ranges);
    lay_out(layout, width, line_height, wraps);
    painter.setPen(color);
    layout.draw(&painter, QPointF(0, 0));
}

} // namespace ostler
