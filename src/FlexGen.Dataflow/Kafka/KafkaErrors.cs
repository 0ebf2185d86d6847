using Confluent.Kafka;

namespace FlexGen.Dataflow.Kafka;

/// <summary>Tells errors that waiting mends from those that only the user can mend, and says what to change.</summary>
internal static class KafkaErrors
{
    /// <summary>What the user has to change; null where the error may pass.</summary>
    public static string? Remedy(Error error) => error.Code switch
    {
        ErrorCode.TopicAuthorizationFailed => "the user has no right to a topic: grant Read and Describe on the source's topics, Write and "
            + "Describe on those of sink and deadLetter",
        ErrorCode.GroupAuthorizationFailed => "the user has no right to the consumer group: grant Read on it",
        ErrorCode.TransactionalIdAuthorizationFailed => "the user has no right to the transactional id: grant Write and Describe on "
            + "transactional ids that begin with the group's name (a Parquet source: the pipeline's name), or set guarantee: atLeastOnce",
        ErrorCode.ClusterAuthorizationFailed => "the user has no right to write idempotently: grant Write on the topic, or IdempotentWrite on the cluster",
        ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Authentication => "the brokers refuse the user name or password: check "
            + "sasl.username and sasl.password in properties",
        ErrorCode.UnsupportedForMessageFormat or ErrorCode.Local_UnsupportedFeature => "the brokers have no transactions: set guarantee: atLeastOnce",
        _ => null,
    };

    public static bool IsRejection(ErrorCode code) =>
        code is ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.InvalidRecord or ErrorCode.PolicyViolation;

    /// <summary>Throws where only the user can mend the error.</summary>
    /// <exception cref="PipelineException">The remedy.</exception>
    public static void ThrowIfLasting(Error error, string what, Exception? cause = null)
    {
        if (Remedy(error) is { } remedy)
        {
            throw new PipelineException($"{what}: {remedy} ({error.Code}: {error.Reason}).", cause!);
        }
    }
}
