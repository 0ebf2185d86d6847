namespace FlexGen.Dataflow.Tests.Options;

public sealed class StartPositionTests
{
    [Theory]
    [InlineData("yesterday")]
    [InlineData("-5")]
    [InlineData("01/02/2026")]
    [InlineData("2026-1-2")]
    [InlineData("2026-02-30")]
    [InlineData("2026-02-01 10:00:00")]
    [InlineData("2026-02-01T25:00:00Z")]
    [InlineData("2026-02-01T10:00:00 CET")]
    [InlineData("10:00")]
    [InlineData("Earliest")]
    [InlineData(" latest")]
    [InlineData("+5")]
    [InlineData("1,000")]
    [InlineData("99999999999999999999")]
    public void Given_a_start_that_is_not_understood_when_checked_then_it_is_refused_with_what_was_expected(string start)
    {
        var error = Assert.Single(Errors(start));
        Assert.StartsWith("start must be earliest, latest, an offset, or a time in ISO 8601 such as ", error, StringComparison.Ordinal);
        Assert.EndsWith($"; found '{start}'.", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-02-01", 1_769_904_000_000)]
    [InlineData("2026-02-01T10:30", 1_769_941_800_000)]
    [InlineData("2026-02-01T10:30Z", 1_769_941_800_000)]
    [InlineData("2026-02-01T10:30:00.25Z", 1_769_941_800_250)]
    [InlineData("2026-02-01T10:30:00+01:00", 1_769_938_200_000)]
    [InlineData("1969-12-31T23:59:59.999Z", 0)]
    public void Given_a_time_in_ISO_8601_when_checked_then_it_is_that_time_in_UTC_where_it_has_no_zone(string start, long milliseconds)
    {
        Assert.Empty(Errors(start));
        Assert.Equal(milliseconds, StartPosition.Parse(start)!.Time);
    }

    [Theory]
    [InlineData("earliest", false, null)]
    [InlineData("latest", true, null)]
    [InlineData("0", false, 0L)]
    [InlineData("123456789012", false, 123456789012L)]
    public void Given_an_offset_or_an_end_of_the_log_when_checked_then_it_is_that(string start, bool isLatest, long? offset)
    {
        Assert.Empty(Errors(start));
        var position = StartPosition.Parse(start)!;
        Assert.Equal((isLatest, offset, null), (position.IsLatest, position.Offset, position.Time));
    }

    [Theory]
    [InlineData("sasl.password", "x", null, "properties.sasl.password has no effect unless security.protocol is SASL_SSL or SASL_PLAINTEXT; it is not set")]
    [InlineData("sasl.mechanism", "PLAIN", "ssl", "properties.sasl.mechanism has no effect unless security.protocol is SASL_SSL or SASL_PLAINTEXT; found 'ssl'")]
    [InlineData("ssl.ca.location", "/ca.pem", "SASL_PLAINTEXT", "properties.ssl.ca.location has no effect unless security.protocol is SSL or SASL_SSL; found 'SASL_PLAINTEXT'")]
    [InlineData("sasl.username", "x", "sasl_ssl", null)]
    [InlineData("ssl.ca.location", "/ca.pem", "${PROTOCOL}", null)]
    [InlineData("auto.offset.reset", "latest", null, "properties.auto.offset.reset must be earliest, to go on after what the brokers deleted before it was read, or error; found 'latest'")]
    [InlineData("auto.offset.reset", "error", null, null)]
    [InlineData("group.id", "x", null, "properties.group.id cannot be set: write groupId instead")]
    [InlineData("enable.auto.commit", "true", null, "properties.enable.auto.commit cannot be set: the worker sets it, for its guarantee rests on it")]
    public void Given_a_property_when_checked_then_it_is_refused_where_it_would_have_no_effect(string name, string value, string? protocol, string? expected)
    {
        var options = new KafkaSourceOptions { BootstrapServers = "b1:9092", Topics = ["t"], GroupId = "g" };
        options.Properties[name] = value;
        if (protocol is not null)
        {
            options.Properties["security.protocol"] = protocol;
        }

        var errors = OptionsValidation.Errors(options);
        Assert.Equal(expected is null ? 0 : 1, errors.Count);
        Assert.All(errors, error => Assert.Contains(expected!, error, StringComparison.Ordinal));
    }

    private static IReadOnlyList<string> Errors(string start) =>
        OptionsValidation.Errors(new KafkaSourceOptions { BootstrapServers = "b1:9092", Topics = ["t"], GroupId = "g", Start = start });
}
