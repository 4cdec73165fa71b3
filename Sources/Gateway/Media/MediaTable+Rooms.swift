import Audio
import Media
import Rooms
import Runtime

/// Calls in which others take part: their packets go from one to the other.
extension MediaTable {
  /// Who sits where in the room of a caller.
  mutating func seat(_ seats: [RoomSeat], in room: Int) {
    while rooms.count <= room { rooms.append(nil) }
    let hasGuests = seats.count { $0.place != nil } > 1
    if hasGuests {
      if rooms[room] == nil { rooms[room] = VoiceSwitch() }
      rooms[room]!.seat(seats)
    } else {
      rooms[room] = nil
    }
    for seat in seats {
      guard let place = seat.place.map({ Int($0) }), tag(at: place) != nil else { continue }
      legs[place]!.room = hasGuests ? room : nil
      legs[place]!.seat = seat.number
    }
  }

  /// Whoever becomes the one who is heard in a room; nil when that is who it was.
  mutating func nextActiveSpeaker(in room: Int, at now: Instant) -> Int? {
    guard room < rooms.count, rooms[room] != nil else { return nil }
    return rooms[room]!.nextActiveSpeaker(at: now)
  }

  /// Sends a packet of a voice to whom the room lets hear it.
  mutating func forward(
    _ audio: borrowing ReceivedAudio, _ payload: UnsafeRawBufferPointer, from slot: Int, in room: Int, at now: Instant
  ) {
    guard room < rooms.count, rooms[room] != nil, !audio.isTelephoneEvent, !payload.isEmpty else { return }
    let level = audio.audioLevel?.decibelsBelowOverload
    for target in rooms[room]!.route(from: legs[slot]!.seat, level: level, at: now) {
      let place = Int(rooms[room]!.targets[target])
      guard place != slot, tag(at: place) != nil, legs[place]!.room == room else { continue }
      let index = outbound(of: place)
      var buffer = sockets[index].outbound.nextSlot.mutableBytes
      let transmit = legs[place]!.peer.forward(audio, payload.bytes, now: now, into: &buffer)
      if let transmit { enqueue(transmit, by: index) }
    }
  }

  /// The agent's voice, to whom the room lets hear it.
  mutating func speak(_ packet: PlayoutPacket, in room: Int, at now: Instant) {
    guard room < rooms.count, rooms[room] != nil else { return }
    for target in rooms[room]!.route(from: RoomSeat.agent, level: packet.audioLevel, at: now) {
      let place = Int(rooms[room]!.targets[target])
      if tag(at: place) != nil, legs[place]!.room == room { deliver(packet, to: place, at: now) }
    }
  }
}
