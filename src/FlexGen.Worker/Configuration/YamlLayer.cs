using System.Buffers;
using System.Text;
using FlexGen.Files;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FlexGen.Worker.Configuration;

/// <summary>Reads a YAML file into a layer that remembers the line of each key.</summary>
internal sealed class YamlLayer
{
    private const int MaxDepth = 32;

    /// <summary>Aliases can write a few lines out to billions of keys.</summary>
    private const int MaxKeys = 100_000;
    private const int LargestFile = 16 << 20;
    private const string MergeKey = "<<";
    private static readonly UTF8Encoding strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly Dictionary<string, string?> values = ConfigurationLayer.NewValues();
    private readonly Dictionary<string, long> lines = new(StringComparer.OrdinalIgnoreCase);
    private readonly string path;
    private readonly string kind;
    private readonly string keys;
    private int keysRead;

    private YamlLayer(string path, string kind, string keys) => (this.path, this.kind, this.keys) = (path, kind, keys);

    /// <param name="path">The file; JSON is YAML too.</param>
    /// <param name="kind">What it is, for messages: a pipeline file, say.</param>
    /// <param name="keys">Some of its keys, for messages.</param>
    /// <exception cref="UsageException">The file is missing, is not YAML in UTF-8, is not a mapping, repeats a key, or is too large.</exception>
    public static ConfigurationLayer Read(string path, string kind, string keys)
    {
        var layer = new YamlLayer(path, kind, keys);
        layer.AddMapping("", layer.ReadRoot(), 0);
        return new ConfigurationLayer(layer.values, key => $"line {layer.lines[key]}");
    }

    private YamlMappingNode ReadRoot()
    {
        byte[] bytes = [];
        try
        {
            // Whoever starts the worker may give it a pipe.
            using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0))
            {
                bytes = RegularFile.ReadAll(file, path, LargestFile);
            }

            using var reader = new StreamReader(new MemoryStream(bytes), strictUtf8);
            var stream = new YamlStream();
            stream.Load(new PlainParser(new Parser(reader), MaxDepth));
            return stream.Documents switch
            {
                [{ RootNode: YamlMappingNode root }] => root,
                [] => throw new UsageException($"{path} is empty: a {kind} has keys such as {keys}."),
                [_] => throw new UsageException($"{path} is not a {kind}: expected keys such as {keys} at its top level."),
                _ => throw new UsageException($"{path} holds {stream.Documents.Count} YAML documents: expected one."),
            };
        }
        catch (YamlException e)
        {
            throw new UsageException($"{path} line {e.Start.Line}, column {e.Start.Column}: {e.Message.TrimEnd('.')}.");
        }
        catch (DecoderFallbackException e)
        {
            throw new UsageException($"{path} line {LineOfInvalidByte(bytes)}: the byte 0x{e.BytesUnknown?.FirstOrDefault():X2} is not "
                + "UTF-8. Save the file as UTF-8.");
        }
        catch (InvalidOperationException)
        {
            // YamlDotNet's scanner throws it, without a position, where a bracket is not closed before the next key.
            throw new UsageException($"{path} is not YAML: look for a '[' or '{{' that is not closed.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"There is no {kind} {path} (looked in {Environment.CurrentDirectory}).");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The {kind} {path} cannot be read: {e.Message}");
        }
    }

    private void Add(string key, YamlNode node, int depth)
    {
        CheckSize(node, depth);
        switch (node)
        {
            case YamlMappingNode { Children.Count: > 0 } mapping:
                AddMapping(key + ":", mapping, depth);
                break;
            case YamlSequenceNode { Children.Count: > 0 } sequence:
                for (var i = 0; i < sequence.Children.Count; i++)
                {
                    AddLine($"{key}:{i}", sequence.Children[i].Start.Line);
                    Add($"{key}:{i}", sequence.Children[i], depth + 1);
                }

                break;
            case YamlSequenceNode:
                values[key] = "";
                break;
            case YamlScalarNode scalar when scalar.Style != ScalarStyle.Plain || scalar.Value is not ("" or "~" or "null" or "Null" or "NULL"):
                values[key] = scalar.Value;
                break;
            default:
                values[key] = null;
                break;
        }
    }

    private void AddMapping(string prefix, YamlMappingNode mapping, int depth)
    {
        var own = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (keyNode, value) in mapping.Children.Where(child => !IsMerge(child.Key)))
        {
            var name = Name(keyNode);
            own.Add(name);
            AddLine(prefix + name, keyNode.Start.Line);
            Add(prefix + name, value, depth + 1);
        }
        // What a mapping says itself wins over what it takes from others, and the first of those over the next.
        foreach (var (keyNode, value) in mapping.Children.Where(child => IsMerge(child.Key)).SelectMany(child => Merged(child.Value, depth)))
        {
            var name = Name(keyNode);
            if (own.Add(name))
            {
                AddLine(prefix + name, keyNode.Start.Line);
                Add(prefix + name, value, depth + 1);
            }
        }
    }

    private static bool IsMerge(YamlNode key) => key is YamlScalarNode { Value: MergeKey, Style: ScalarStyle.Plain };

    private string Name(YamlNode key) => key is YamlScalarNode { Value: { Length: > 0 } name }
        ? name
        : throw new UsageException($"{path} line {key.Start.Line}: a key must be a word.");

    private IEnumerable<KeyValuePair<YamlNode, YamlNode>> Merged(YamlNode value, int depth)
    {
        CheckSize(value, depth);
        return value switch
        {
            YamlMappingNode mapping => mapping.Children.Where(child => !IsMerge(child.Key))
                .Concat(mapping.Children.Where(child => IsMerge(child.Key)).SelectMany(child => Merged(child.Value, depth + 1))),
            YamlSequenceNode sequence when sequence.Children.All(child => child is YamlMappingNode)
                => sequence.Children.SelectMany(child => Merged(child, depth + 1)),
            _ => throw new UsageException($"{path} line {value.Start.Line}: '{MergeKey}' takes a mapping or a list of mappings, such as {MergeKey}: *name."),
        };
    }

    private void CheckSize(YamlNode node, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new UsageException($"{path} line {node.Start.Line}: nested more than {MaxDepth} levels deep.");
        }

        if (++keysRead > MaxKeys)
        {
            throw new UsageException($"{path} line {node.Start.Line}: more than {MaxKeys:N0} keys, with what its aliases repeat; a {kind} has a few dozen.");
        }
    }

    private static int LineOfInvalidByte(byte[] bytes)
    {
        var at = 0;
        while (at < bytes.Length && Rune.DecodeFromUtf8(bytes.AsSpan(at), out _, out var length) == OperationStatus.Done)
        {
            at += length;
        }

        return bytes.AsSpan(0, at).Count((byte)'\n') + 1;
    }

    private void AddLine(string key, long line)
    {
        if (!lines.TryAdd(key, line))
        {
            throw new UsageException($"{path} line {line}: the key '{ConfigurationLayer.Display(key)}' is already on line {lines[key]}.");
        }
    }
}
