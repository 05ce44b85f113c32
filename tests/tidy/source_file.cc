#include "tests/tidy/source_file.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "fmt/format.h"
#include "tests/tidy/text.h"

namespace lb::tidy {
namespace {

// Blanks what is no code. Newlines and the quotes of literals stay.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text), out_(text) {}

  std::string Run() {
    while (at_ < text_.size()) Step();
    return std::move(out_);
  }

 private:
  void Step() {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("//")) return BlankUntil("\n");
    if (rest.starts_with("/*")) return BlankThrough("*/", 2);
    if (rest.starts_with("R\"") && !AfterWord()) return SkipRaw();
    if (rest[0] == '"') return SkipLiteral('"');
    // 1'000 has a separator, no literal.
    if (rest[0] == '\'' && !AfterWord()) return SkipLiteral('\'');
    ++at_;
  }

  bool AfterWord() const { return at_ > 0 && IsNamePart(text_[at_ - 1]); }

  void Blank(size_t end) {
    for (; at_ < end && at_ < text_.size(); ++at_) {
      if (text_[at_] != '\n') out_[at_] = ' ';
    }
  }

  void BlankUntil(std::string_view mark) {
    Blank(std::min(text_.find(mark, at_), text_.size()));
  }

  void BlankThrough(std::string_view mark, size_t skip) {
    const size_t end = text_.find(mark, at_ + skip);
    Blank(end == text_.npos ? text_.size() : end + mark.size());
  }

  void SkipRaw() {
    const size_t open = text_.find('(', at_);
    if (open == text_.npos) return Blank(text_.size());
    const std::string close =
        fmt::format("){}\"", text_.substr(at_ + 2, open - at_ - 2));
    at_ = open + 1;
    BlankUntil(close);
    at_ = std::min(at_ + close.size(), text_.size());
  }

  // Ends at the line's end too: an apostrophe in an #error is no literal.
  void SkipLiteral(char quote) {
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    ++at_;
    Blank(end);
    if (at_ < text_.size() && text_[at_] == quote) ++at_;
  }

  std::string_view text_;
  std::string out_;
  size_t at_ = 0;
};

}  // namespace

bool SourceFile::IsHeader() const { return path.ends_with(".h"); }

bool SourceFile::IsTestOrBenchmark() const {
  return path.ends_with("_test.cc") || path.ends_with("_benchmark.cc");
}

bool SourceFile::IsBelow(std::string_view folder) const {
  return path.starts_with(fmt::format("{}/", folder));
}

std::string Finding::ToString() const {
  return fmt::format("{}:{}: {} [{}]", path, line, message, rule);
}

SourceFile ParseSource(std::string path, std::string_view text) {
  return {.path = std::move(path),
          .lines = SplitLines(text),
          .code = SplitLines(Blanker(text).Run())};
}

}  // namespace lb::tidy
