using System.Collections.Concurrent;
using System.Text.Json;
using FlexGen.Constraints;
using FlexGen.Dataflow;
using FlexGen.Dataflow.Checks;
using FlexGen.Worker.JsonLines;

namespace FlexGen.Worker.OpenAi;

/// <summary>The schemas that answers are to be of, each compiled once.</summary>
internal sealed class ResponseFormats
{
    private static readonly JsonDocumentOptions deep = new() { MaxDepth = 600 };

    private readonly ConcurrentDictionary<string, Lazy<(Constraint, OutputSchema)>> compiled = new(StringComparer.Ordinal);

    /// <summary>What allows a schema's documents alone, and what checks what that leaves open.</summary>
    /// <exception cref="LineException">It cannot be compiled.</exception>
    public (Constraint Constraint, OutputSchema Check) Of(JsonElement schema, TokenBytes tokens) =>
        compiled.GetOrAdd(schema.GetRawText(), text => new(() => Compile(text, tokens))).Value;

    private static (Constraint, OutputSchema) Compile(string text, TokenBytes tokens)
    {
        try
        {
            // Its element is a part of the line, which goes.
            return (Constraint.ForSchema(JsonElement.Parse(text, deep), tokens, ConstraintOptions.Default), OutputSchema.Parse(text, TimeProvider.System));
        }
        catch (Exception e) when (e is ConstraintException or PipelineDefinitionException)
        {
            throw new LineException($"its \"response_format\" cannot be enforced: {e.Message}");
        }
    }
}
