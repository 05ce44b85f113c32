// StatusObjects: objects of one kind by which this process tells something, and
// the writes that make the API server have them.
//
// The caller says what each object is to say, by a key of its own, such as a
// service; a list says what the server has. What differs is written:
//
//   wanted, and there is none   create, with its status
//   other labels, annotations   patch of the metadata
//     or owner
//   another status              patch of the object, or of its status
//   not wanted, or one of two   delete
//
// Whether a status is part of its object or a subresource is for the resource's
// definition to say, which may be exchanged at any time, so the answers tell. A
// subresource is not written with the object: the answer lacks it. A status
// without a subresource has no path of its own: 404, as if there were no
// object. So a status is written with the object first, then by itself if it
// was not taken, and with the object again after a 404. One that is taken
// neither way waits for the next list.
//
// Only what is wanted is kept, and an object has one write under way: however
// long the server is away, each object is written once when it is back. Nothing
// is written before the first list. What other clients changed is repaired
// after the next one. A refused write is tried again after the next list, and
// delays the others by `refusal_pause`.
//
//   StatusObjects objects({.name_of = NameOf});
//   objects.Want("default/web", {labels, status});
//   objects.BeginListing();
//   objects.OnListed({});
//   for (const auto& write : objects.TakeWrites(now)) Send(write);
//
// A core: it takes `now` and has no I/O; the shell is StatusObjectWriter. One
// thread.
#ifndef LB_DAEMON_KUBERNETES_STATUS_OBJECTS_H_
#define LB_DAEMON_KUBERNETES_STATUS_OBJECTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lb/base/label_selector.h"
#include "lb/kubernetes/write_request.h"

namespace lb {

// The pod that owns an object: the object is deleted with it.
struct StatusOwner {
  std::string pod;
  std::string uid;  // Empty: not known, and whatever an object says is right.

  friend bool operator==(const StatusOwner&, const StatusOwner&) = default;
};

class StatusObjects {
 public:
  // The content that an object is to have.
  struct Wish {
    Labels labels;
    std::string status;       // JSON. Equal texts say the same.
    Labels annotations = {};  // One with an empty value: none of that key.

    friend bool operator==(const Wish&, const Wish&) = default;
  };

  // An object as the server has it.
  struct Object {
    std::string name;
    // Empty: no patch would make the object right. It is deleted.
    std::string key;
    Wish says;  // It has only the labels and annotations that wishes have.
    std::string owner_uid;
  };

  struct Write {
    enum class Kind {
      kCreate,
      kMetadata,
      kWhole,   // Metadata and status.
      kStatus,  // The subresource.
      kDelete,
    };

    Kind kind = Kind::kCreate;
    std::string key;  // Empty: a deletion of an object without a key.
    std::string name;
    Wish wish;
    StatusOwner owner;
  };

  struct Options {
    // The name of a new object. It is called again if the name is taken.
    std::function<std::string(const std::string& key)> name_of;
    size_t writing_max = 8;
    absl::Duration refusal_pause = absl::Seconds(10);
  };

  explicit StatusObjects(Options options) : options_(std::move(options)) {}

  // A wish that is as before costs a comparison.
  void Want(const std::string& key, Wish wish);
  void Unwant(const std::string& key);
  void SetOwner(StatusOwner owner);

  // Writes that end between the two calls count, and the list does not.
  void BeginListing() { ++lists_; }
  void OnListed(const std::vector<Object>& objects);
  // There is an object of a name that was to be a new one's. A list tells
  // whether it is ours.
  bool wants_list() const { return taken_in_ > 0; }
  // Deletes an object that another process left.
  void Delete(const std::string& name) { strays_.insert(name); }

  std::vector<Write> TakeWrites(absl::Time now);
  // When TakeWrites() has more, unless a write ends first.
  absl::Time deadline() const;
  // `answer`: the object as the server has it now; nullopt: it did not say.
  void OnWritten(absl::Time now, const Write& write,
                 kubernetes::WriteVerdict verdict,
                 const std::optional<Object>& answer);

  // Nullptr: the server has none, as far as is known.
  const Object* Find(std::string_view key) const;
  // Objects that are wanted, and those of them that are as wanted.
  size_t wanted() const { return wanted_; }
  size_t settled() const;

 private:
  struct Slot {
    std::optional<Wish> wish;
    std::optional<Object> object;
    bool is_writing = false;
    bool is_resting = false;  // Until the next list.
    uint64_t written_in = 0;  // The list during or after which it was written.
    // Writes of the status in a row that the server did not take, and whether
    // the next one is that of the subresource; nullopt: as of the others.
    int untaken = 0;
    std::optional<bool> is_apart;
  };

  bool IsAsWanted(const Slot& slot) const;
  bool HasWrongMetadata(const Slot& slot) const;
  // What is to be written for the slot; nullopt: nothing.
  std::optional<Write> StepOf(const std::string& key, const Slot& slot) const;
  bool IsNewerThanList(const Slot& slot) const {
    return slot.is_writing || slot.written_in == lists_;
  }
  void Note(const Write& write, const std::optional<Object>& answer,
            Slot& slot);
  void NoteStatus(const Write& write, const std::optional<Object>& answer,
                  Slot& slot);
  static void NoteUntaken(bool is_apart, Slot& slot);
  static void EndUntaken(Slot& slot);
  static void NoteGone(const Write& write, Slot& slot);
  void Rest(absl::Time now, Slot* slot);

  const Options options_;
  StatusOwner owner_;
  std::map<std::string, Slot, std::less<>> slots_;
  std::set<std::string> due_;     // Keys to look at.
  std::set<std::string> strays_;  // Names of objects to delete.
  size_t wanted_ = 0;
  size_t writing_ = 0;
  uint64_t lists_ = 0;
  bool is_listed_ = false;
  uint64_t taken_in_ =
      0;  // As Slot::written_in: a name was taken. 0: none was.
  bool is_apart_ = false;  // The status is a subresource, as far as is known.
  absl::Time paused_until_ = absl::InfinitePast();
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_STATUS_OBJECTS_H_
