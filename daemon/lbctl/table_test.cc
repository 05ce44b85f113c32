#include "daemon/lbctl/table.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

TEST(TableTest, AlignsColumnsAndMarksEmptyCells) {
  Table table({"NAME", "IP"});
  table.Add({"default/web", "10.0.0.1"});
  table.Add({"a", ""});
  EXPECT_EQ(table.Print(/*colours=*/false),
            "NAME         IP\n"
            "default/web  10.0.0.1\n"
            "a            -\n");
}

TEST(TableTest, PrintsNoControlCharacters) {
  Table table({"NAME"});
  table.Add({"a\x1b[31m\n"});
  EXPECT_EQ(table.Print(/*colours=*/false), "NAME\na\\x1b[31m\\x0a\n");
}

TEST(TableTest, PaintsCellsForATerminalOnly) {
  Table table({"NAME", "STATE"});
  table.Add({"n1", {"dead", Colour::kRed}});
  table.Add({{"n22", Colour::kGreen}, "?"});
  EXPECT_EQ(table.Print(/*colours=*/true),
            "NAME  STATE\n"
            "n1    \x1b[31mdead\x1b[0m\n"
            "\x1b[32mn22\x1b[0m   ?\n");
  EXPECT_EQ(table.Print(/*colours=*/false),
            "NAME  STATE\nn1    dead\nn22   ?\n");
}

// A column is as wide as its widest cell has characters, not bytes.
TEST(TableTest, CountsCharactersAndNotBytes) {
  Table table({"NAME", "NODE"});
  table.Add({"default/z\xc3\xbcrich", "n1"});
  table.Add({"default/\xe6\x9d\xb1", "n2"});
  table.Add({"a\xff", "n3"});
  EXPECT_EQ(table.Print(/*colours=*/false),
            "NAME            NODE\n"
            "default/z\xc3\xbcrich  n1\n"
            "default/\xe6\x9d\xb1       n2\n"
            "a\\xff           n3\n");
}

TEST(TableTest, WithoutRowsIsItsHeader) {
  EXPECT_EQ(Table({"A", "BB"}).Print(/*colours=*/false), "A  BB\n");
  EXPECT_EQ(Table({"A"}).Print(/*colours=*/true), "A\n");
}

TEST(TableTest, AnEmptyCellIsADashInItsColour) {
  Table table({"A", "B"});
  table.Add({{"", Colour::kYellow}, ""});
  EXPECT_EQ(table.Print(/*colours=*/true), "A  B\n\x1b[33m-\x1b[0m  -\n");
}

TEST(TableTest, TheLastColumnHasNoSpaceBehindIt) {
  Table table({"A", "B"});
  table.Add({"a", "a long one"});
  table.Add({std::string(300, 'x'), "b"});
  EXPECT_EQ(table.Print(/*colours=*/false),
            "A" + std::string(301, ' ') + "B\n" +               //
                "a" + std::string(301, ' ') + "a long one\n" +  //
                std::string(300, 'x') + "  b\n");
}

TEST(TableTest, ColoursDoNotMoveColumns) {
  Table table({"A", "B"});
  table.Add({{"one", Colour::kGreen}, "1"});
  table.Add({{"\x1b[31mtwo", Colour::kRed}, "2"});
  EXPECT_EQ(table.Print(/*colours=*/true),
            "A            B\n"
            "\x1b[32mone\x1b[0m          1\n"
            "\x1b[31m\\x1b[31mtwo\x1b[0m  2\n");
}

}  // namespace
}  // namespace lb::lbctl
