import Glibc

// MARK: - For the application

extension SCTPAssociation {
  /// Opens a channel. It can be used at once; `channelAcknowledged` tells that the peer knows it.
  ///
  /// - Returns: Its stream, by which it goes from now on.
  /// - Throws: `.notConnected`, `.tooManyChannels`, `.labelTooLong`.
  public func open(_ channel: DataChannel) throws(SCTPError) -> UInt16 {
    guard state == .connected else { throw .notConnected }
    guard let bytes = DCEPMessage.open(channel).bytes else { throw .labelTooLong }
    guard channels.count < configuration.maximumChannels,
      let stream = channels.freeStream(for: role, below: streams)
    else { throw .tooManyChannels }
    channels[stream] = ChannelTable.Channel(parameters: channel, isAcknowledged: false)
    sendDCEP(bytes, on: stream)
    settle()
    return stream
  }

  /// Sends a message on the channel of `stream`, or queues it.
  ///
  /// - Throws: `.notConnected`, `.noSuchChannel`, `.messageTooLarge`, `.bufferFull`. Then nothing was sent.
  public func send(_ message: DataChannelMessage, on stream: UInt16) throws(SCTPError) {
    guard state == .connected else { throw .notConnected }
    guard let channel = channels[stream], !channel.isClosing else { throw .noSuchChannel(stream) }
    let count = message.bytes.count
    guard count <= min(configuration.maximumMessageSize, configuration.peerMaximumMessageSize) else {
      throw .messageTooLarge(count)
    }
    guard count <= configuration.maximumBufferedBytes - sendQueue.byteCount else {
      sendQueue.owesWritable = true
      throw .bufferFull
    }
    let payloadProtocol: PayloadProtocol =
      message.isText ? (count == 0 ? .stringEmpty : .string) : (count == 0 ? .binaryEmpty : .binary)
    sendQueue.append(
      SendQueue.Message(
        bytes: count == 0 ? [0] : message.bytes, payloadProtocol: payloadProtocol, stream: stream,
        isOrdered: channel.parameters.isOrdered || !channel.isAcknowledged,
        reliability: channel.parameters.reliability))
    settle()
  }

  /// Closes a channel, after what was sent on it. `channelClosed` follows when the peer has closed it too, and the
  /// stream is free.
  public func close(_ stream: UInt16) {
    guard state == .connected, let channel = channels[stream], !channel.isClosing else { return }
    channels[stream]?.isClosing = true
    channels.awaitReset(of: stream)
    settle()
  }

  /// Bytes of messages that wait to be sent.
  public var bufferedBytes: Int { sendQueue.byteCount }

  /// Of the channel on `stream`; nil when there is none, or not any more.
  public func channel(on stream: UInt16) -> DataChannel? {
    channels[stream].flatMap { $0.isClosing ? nil : $0.parameters }
  }
}

// MARK: - Sending

extension SCTPAssociation {
  private func sendDCEP(_ bytes: [UInt8], on stream: UInt16) {
    sendQueue.append(
      SendQueue.Message(
        bytes: bytes, payloadProtocol: .dcep, stream: stream, isOrdered: true, reliability: .reliable))
  }

  /// Gives usrsctp what it takes of messages and requests.
  func flush() {
    guard let socket, state == .connected || state == .shuttingDown else { return }
    loop: while let message = sendQueue.first {
      let result = socket.send(
        message.bytes, payloadProtocol: message.payloadProtocol, on: message.stream, isOrdered: message.isOrdered,
        reliability: message.reliability)
      switch result {
      case .sent: sendQueue.removeFirst()
      case .full: break loop
      case .failed(let code):
        // The end comes as a notification, if this is one.
        if code == ECONNRESET || code == ENOTCONN || code == EPIPE { break loop }
        sendQueue.removeFirst()
      }
    }
    if sendQueue.owesWritable, sendQueue.byteCount <= configuration.lowBufferedBytes {
      sendQueue.owesWritable = false
      tell(.writable)
    }
    let ready = channels.awaitingReset.filter { !sendQueue.contains(stream: $0) }.sorted()
    if !ready.isEmpty, socket.resetOutgoing(ready) { channels.endReset(of: ready) }
    if state == .shuttingDown, sendQueue.isEmpty, !hasShutDown {
      hasShutDown = true
      socket.shutDown()
    }
  }
}

// MARK: - Receiving

extension SCTPAssociation {
  func take(_ fragment: MessageFragment) {
    let stream = fragment.stream
    var reassembly = self.reassembly.removeValue(forKey: stream) ?? MessageReassembly()
    let message = reassembly.append(fragment, maximum: configuration.maximumMessageSize)
    if !fragment.isLast { self.reassembly[stream] = reassembly }
    if reassembly.isTooLarge, channels[stream] != nil { close(stream) }
    guard let message else { return }
    switch fragment.payloadProtocol {
    case .dcep: takeDCEP(message, on: stream)
    case .string: deliver(DataChannelMessage(isText: true, bytes: message), on: stream)
    case .binary: deliver(DataChannelMessage(isText: false, bytes: message), on: stream)
    case .stringEmpty: deliver(DataChannelMessage(isText: true, bytes: []), on: stream)
    case .binaryEmpty: deliver(DataChannelMessage(isText: false, bytes: []), on: stream)
    case nil: return
    }
  }

  private func deliver(_ message: DataChannelMessage, on stream: UInt16) {
    guard let channel = channels[stream], !channel.isClosing else { return }
    acknowledge(stream)
    tell(.message(message, on: stream))
  }

  /// Whoever sends on a channel knows it, even if its acknowledgement is still on the way.
  private func acknowledge(_ stream: UInt16) {
    guard let channel = channels[stream], !channel.isAcknowledged, !channel.isClosing else { return }
    channels[stream]?.isAcknowledged = true
    tell(.channelAcknowledged(stream))
  }

  private func takeDCEP(_ bytes: [UInt8], on stream: UInt16) {
    switch DCEPMessage(bytes.span.bytes) {
    case .acknowledge: acknowledge(stream)
    case .open(let channel):
      // On a used stream: nothing that could be told of it makes sense. RFC 8832, section 6, has the channel closed.
      guard channels[stream] == nil else {
        close(stream)
        return
      }
      let peersParity: UInt16 = role == .client ? 1 : 0
      guard state == .connected, stream < streams, stream % 2 == peersParity,
        channels.count < configuration.maximumChannels, let acknowledgement = DCEPMessage.acknowledge.bytes
      else {
        refuse(stream)
        return
      }
      channels[stream] = ChannelTable.Channel(parameters: channel, isAcknowledged: true)
      sendDCEP(acknowledgement, on: stream)
      tell(.channelOpened(channel, on: stream))
    case nil:
      if channels[stream] == nil { refuse(stream) } else { close(stream) }
    }
  }

  /// Closes what was never open.
  private func refuse(_ stream: UInt16) {
    if stream < streams { channels.awaitReset(of: stream) }
  }

  func incomingReset(_ list: [UInt16]) {
    for stream in list.isEmpty ? Array(channels.channels.keys) : list {
      reassembly[stream] = nil
      guard var channel = channels[stream] else { continue }
      channel.isIncomingReset = true
      if !channel.isClosing {
        channel.isClosing = true
        channels.awaitReset(of: stream)
      }
      endIfBothReset(&channel, stream)
    }
  }

  func outgoingReset(_ list: [UInt16]) {
    for stream in list.isEmpty ? Array(channels.channels.keys) : list {
      guard var channel = channels[stream], channel.isClosing else { continue }
      channel.isOutgoingReset = true
      endIfBothReset(&channel, stream)
    }
  }

  /// A channel's end is told when the peer has closed it; its stream is free when both have.
  private func endIfBothReset(_ channel: inout ChannelTable.Channel, _ stream: UInt16) {
    if channel.isIncomingReset, !channel.isTold {
      channel.isTold = true
      tell(.channelClosed(stream))
    }
    channels[stream] = channel.isIncomingReset && channel.isOutgoingReset ? nil : channel
  }
}
